//! Trusted documents: those that a front-end was built with, named by their hash.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};

use clap::Args;
use sha2::{Digest, Sha256};

use crate::guard::{self, GuardError, GuardOptions};
use crate::refusal::Refusal;
use crate::request_error::RequestError;
use crate::shown::shown_text;

/// Which documents are trusted.
#[derive(Args, Clone, Debug, Default)]
pub struct DocumentOptions {
    /// A file with the documents that callers may name by their SHA-256 hash: JSON, `{"<hash>": "<document>"}`
    #[arg(long, env = "F6_TRUSTED_DOCUMENTS", value_name = "FILE", help_heading = "Documents")]
    pub trusted_documents: Option<PathBuf>,
    /// Refuse every document that is not in that file
    #[arg(long, env = "F6_TRUSTED_DOCUMENTS_ONLY", help_heading = "Documents",
          value_parser = clap::builder::BoolishValueParser::new())]
    pub trusted_documents_only: bool,
}

/// Why the trusted documents cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DocumentsError {
    /// No document at all would be answered.
    #[error(
        "--trusted-documents-only refuses what is not in a file, and there is none; name it with --trusted-documents"
    )]
    NoFile,
    /// The file cannot be read.
    #[error("cannot read the trusted documents `{}`; name a file that can be read", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// It is not what it should be.
    #[error("`{}` is no file of trusted documents; write JSON, `{{\"<hash>\": \"<document>\"}}`", path.display())]
    NoDocuments {
        /// The file.
        path: PathBuf,
        /// What the parser says.
        source: serde_json::Error,
    },
    /// A document stands under another name than its hash.
    #[error("the trusted document `{name}` has the SHA-256 hash {hash}; let that be its name")]
    Name {
        /// Its name in the file.
        name: String,
        /// Its hash.
        hash: DocumentHash,
    },
    /// A document would be refused when it is asked.
    #[error("the trusted document {hash} cannot be answered: {reason}")]
    Refused {
        /// Its hash.
        hash: DocumentHash,
        /// Why.
        reason: String,
    },
}

/// The SHA-256 hash of a document.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct DocumentHash([u8; 32]);

impl DocumentHash {
    /// The hash of this document, byte by byte as it stands.
    #[must_use]
    pub fn of(document: &str) -> Self {
        Self(Sha256::digest(document).into())
    }

    /// Reads 64 hexadecimal digits, alone or behind `sha256:`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix("sha256:").unwrap_or(text).as_bytes();
        let mut bytes = [0; 32];
        if digits.len() != 2 * bytes.len() {
            return None;
        }
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            let digit = |at: usize| char::from(pair[at]).to_digit(16);
            *byte = u8::try_from(digit(0)? * 16 + digit(1)?).ok()?;
        }
        Some(Self(bytes))
    }
}

impl fmt::Display for DocumentHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

impl fmt::Debug for DocumentHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// A document as a request gives it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Given {
    Text(String),
    Hash(DocumentHash),
    /// A client that found its hash unknown sends both.
    Both(String, DocumentHash),
}

impl Given {
    /// How many bytes of a document came along.
    pub(crate) fn length(&self) -> usize {
        match self {
            Self::Text(text) | Self::Both(text, _) => text.len(),
            Self::Hash(_) => 0,
        }
    }
}

/// Whether a document must be a trusted one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trust {
    Required,
    AsConfigured,
}

/// The trusted documents.
#[derive(Clone, Debug, Default)]
pub struct Documents {
    known: HashMap<DocumentHash, String>,
    only: bool,
}

impl Documents {
    /// Reads the file that the options name; each of its documents must be within the limits.
    ///
    /// # Errors
    /// [`DocumentsError`].
    pub fn load(options: &DocumentOptions, limits: &GuardOptions) -> Result<Self, DocumentsError> {
        let only = options.trusted_documents_only;
        let known = match &options.trusted_documents {
            Some(path) => read(path, limits)?,
            None if only => return Err(DocumentsError::NoFile),
            None => HashMap::new(),
        };
        Ok(Self { known, only })
    }

    /// With a document that is trusted whatever the options say, as one that the server itself refers to.
    #[must_use]
    pub fn with(mut self, document: &str) -> Self {
        self.known.insert(DocumentHash::of(document), document.to_owned());
        self
    }

    /// The document that a request means.
    ///
    /// # Errors
    /// When its hash is unknown or that of another, or when it must be trusted and is not.
    pub(crate) fn look_up(&self, given: Given, trust: Trust) -> Result<String, Refusal> {
        let (text, hash) = match given {
            Given::Hash(hash) => {
                return self.known.get(&hash).cloned().ok_or(Refusal::UnknownDocument { hash });
            }
            Given::Text(text) => (text, None),
            Given::Both(text, hash) => (text, Some(hash)),
        };
        let must = self.only || trust == Trust::Required;
        let own = (must || hash.is_some()).then(|| DocumentHash::of(&text));
        if let (Some(hash), Some(own)) = (hash, own)
            && hash != own
        {
            return Err(RequestError::HashDiffers { hash }.into());
        }
        match own {
            Some(own) if must && !self.known.contains_key(&own) => Err(Refusal::NotTrusted),
            Some(_) | None => Ok(text),
        }
    }
}

fn read(path: &Path, limits: &GuardOptions) -> Result<HashMap<DocumentHash, String>, DocumentsError> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| DocumentsError::Unreadable { path: path.to_owned(), source })?;
    parse(&text, limits)
        .map_err(|source| DocumentsError::NoDocuments { path: path.to_owned(), source })?
        .collect()
}

type Document = (DocumentHash, String);

fn parse(
    text: &str,
    limits: &GuardOptions,
) -> Result<impl Iterator<Item = Result<Document, DocumentsError>>, serde_json::Error> {
    let documents: HashMap<String, String> = serde_json::from_str(text)?;
    Ok(documents.into_iter().map(|(name, document)| {
        let hash = DocumentHash::of(&document);
        if DocumentHash::parse(&name) != Some(hash) {
            return Err(DocumentsError::Name { name: shown_text(&name), hash });
        }
        guard::check(&document, limits)
            .map_err(|error: GuardError| DocumentsError::Refused { hash, reason: error.to_string() })?;
        Ok((hash, document))
    }))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::code::Code;

    fn trusted(only: bool) -> Documents {
        Documents { known: HashMap::from([(DocumentHash::of("{ a }"), "{ a }".to_owned())]), only }
    }

    fn refused(documents: &Documents, given: Given, trust: Trust) -> Code {
        documents.look_up(given, trust).expect_err("it is refused").code()
    }

    #[test]
    fn a_hash_is_written_in_64_digits() {
        let hash = DocumentHash::of("{ a }");
        assert_eq!(DocumentHash::parse(&hash.to_string()), Some(hash));
        assert_eq!(
            DocumentHash::parse(&format!("sha256:{hash}").to_uppercase().replace("SHA", "sha")),
            Some(hash)
        );
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(DocumentHash::of("").to_string(), empty);
        for wrong in
            ["", "abc", &empty[1..], &format!("{}g", &empty[1..]), &format!("{empty}0"), &"é".repeat(32)]
        {
            assert_eq!(DocumentHash::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_document_is_found_by_its_hash_and_any_other_text_is_as_good_as_a_hash() {
        let documents = trusted(false);
        let found = |given| documents.look_up(given, Trust::AsConfigured).unwrap();
        assert_eq!(found(Given::Hash(DocumentHash::of("{ a }"))), "{ a }");
        assert_eq!(found(Given::Text("{ b }".to_owned())), "{ b }");
        assert_eq!(found(Given::Both("{ b }".to_owned(), DocumentHash::of("{ b }"))), "{ b }");
        let other = DocumentHash::of("{ b }");
        assert_eq!(
            refused(&documents, Given::Hash(other), Trust::AsConfigured),
            Code::PersistedQueryNotFound
        );
        let both = Given::Both("{ a }".to_owned(), other);
        assert_eq!(refused(&documents, both, Trust::AsConfigured), Code::InvalidRequest);
    }

    #[test]
    fn where_a_document_must_be_trusted_its_text_is_as_good_as_its_hash() {
        for (documents, trust) in [(trusted(true), Trust::AsConfigured), (trusted(false), Trust::Required)] {
            assert_eq!(documents.look_up(Given::Text("{ a }".to_owned()), trust).unwrap(), "{ a }");
            for other in ["{ b }", "{ a } "] {
                assert_eq!(
                    refused(&documents, Given::Text(other.to_owned()), trust),
                    Code::DocumentNotTrusted
                );
                let both = Given::Both(other.to_owned(), DocumentHash::of(other));
                assert_eq!(refused(&documents, both, trust), Code::DocumentNotTrusted);
            }
        }
    }

    #[test]
    fn a_file_of_documents_is_checked_when_it_is_read() {
        let read = |file: serde_json::Value| {
            parse(&file.to_string(), &GuardOptions::default())?
                .collect::<Result<Vec<_>, _>>()
                .map_err(|error| <serde_json::Error as serde::de::Error>::custom(error.to_string()))
        };
        let hash = |text| DocumentHash::of(text).to_string();
        assert_eq!(read(json!({ hash("{ a }"): "{ a }" })).unwrap().len(), 1);
        let told = |file| read(file).unwrap_err().to_string();
        assert!(told(json!({ hash("{ a }"): "{ b }" })).ends_with("let that be its name"));
        assert!(told(json!({ hash("{ a"): "{ a" })).contains("cannot be answered: the document ends"));
        let many = "a ".repeat(101);
        let many = format!("{{ {many} }}");
        assert!(told(json!({ hash(&many): many })).contains("fields at the root above the limit of 100"));
        assert!(read(json!([])).is_err());
    }

    #[test]
    fn to_refuse_all_else_there_must_be_something() {
        let strict = DocumentOptions { trusted_documents_only: true, ..DocumentOptions::default() };
        let load = |options: &DocumentOptions| Documents::load(options, &GuardOptions::default());
        assert!(matches!(load(&strict), Err(DocumentsError::NoFile)));
        assert!(load(&DocumentOptions::default()).is_ok());
        let absent = DocumentOptions { trusted_documents: Some("no/such/file".into()), ..strict };
        assert!(matches!(load(&absent), Err(DocumentsError::Unreadable { .. })));
    }
}
