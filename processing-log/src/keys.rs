//! The keys that ids of persons are encrypted with, and by which a person's records are found.
//!
//! AES-SIV (RFC 5297): the same id under the same key gives the same bytes, so that the records of one person are found
//! by comparing them; who has the database and not the key learns nothing of whose they are.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aes_siv::KeyInit;
use aes_siv::siv::Aes256Siv;
use uuid::Uuid;

/// AES-256-SIV takes two keys of 32 bytes.
const LENGTH: usize = 64;

/// What anybody can read the log of a development server with.
const DEVELOPMENT: &str = "development:f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6";

/// Why keys cannot be used. No message repeats any of a key.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The file cannot be read.
    #[error("cannot read the keys of the processing log in `{}`", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A line is no key.
    #[error(
        "line {0} of the keys of the processing log is no key; write an id, a colon and 64 bytes in hexadecimal, as `echo \"2026:$(openssl rand -hex 64)\"` does"
    )]
    Line(usize),
    /// Two keys have the same id.
    #[error("two keys of the processing log are called `{0}`; give each an id of its own")]
    Twice(Arc<str>),
    /// There is none.
    #[error(
        "there is no key in the file of keys of the processing log; make one by `echo \"2026:$(openssl rand -hex 64)\"`"
    )]
    Empty,
}

/// The keys: the first is used for what is written, all of them to find what was.
#[derive(Clone)]
pub struct Keys {
    current: Key,
    earlier: Vec<Key>,
}

#[derive(Clone)]
struct Key {
    id: Arc<str>,
    bytes: [u8; LENGTH],
}

/// The id of a person, encrypted, and with which key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sealed {
    pub(crate) key: Arc<str>,
    pub(crate) bytes: Vec<u8>,
}

impl fmt::Debug for Keys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Keys").field("current", &self.current.id).finish_non_exhaustive()
    }
}

impl Keys {
    /// The keys in a file: one a line, `<id>:<64 bytes in hexadecimal>`, that in use first.
    ///
    /// # Errors
    /// [`KeysError`].
    pub fn load(path: &Path) -> Result<Self, KeysError> {
        let read = std::fs::read_to_string(path);
        Self::parse(&read.map_err(|source| KeysError::Unreadable { path: path.to_owned(), source })?)
    }

    /// The published key, which hides nothing.
    ///
    /// # Errors
    /// None that can happen.
    pub fn development() -> Result<Self, KeysError> {
        Self::parse(DEVELOPMENT)
    }

    fn parse(text: &str) -> Result<Self, KeysError> {
        let mut keys: Vec<Key> = Vec::new();
        for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let key = Key::parse(line.trim()).ok_or(KeysError::Line(index + 1))?;
            if keys.iter().any(|other| other.id == key.id) {
                return Err(KeysError::Twice(key.id));
            }
            keys.push(key);
        }
        let mut keys = keys.into_iter();
        let current = keys.next().ok_or(KeysError::Empty)?;
        Ok(Self { current, earlier: keys.collect() })
    }

    /// The id of a person, as it is written.
    pub(crate) fn seal(&self, subject: Uuid, subject_type: &str) -> Option<Sealed> {
        self.current.seal(subject, subject_type)
    }

    /// The id of a person, as it may have been written.
    pub(crate) fn sealed(&self, subject: Uuid, subject_type: &str) -> Vec<Vec<u8>> {
        let keys = std::iter::once(&self.current).chain(&self.earlier);
        keys.filter_map(|key| key.seal(subject, subject_type)).map(|sealed| sealed.bytes).collect()
    }
}

impl Key {
    fn parse(line: &str) -> Option<Self> {
        let (id, digits) = line.split_once(':')?;
        let sound = !id.is_empty() && id.len() <= 64 && id.bytes().all(|byte| byte.is_ascii_graphic());
        let digits = digits.as_bytes();
        if !sound || digits.len() != 2 * LENGTH {
            return None;
        }
        let mut bytes = [0; LENGTH];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks(2)) {
            let pair = std::str::from_utf8(pair)
                .ok()
                .filter(|pair| pair.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
            *byte = u8::from_str_radix(pair, 16).ok()?;
        }
        Some(Self { id: id.into(), bytes })
    }

    /// What its ids are ids of is bound to it, so that one cannot be taken for the other. It fails for inputs alone that are
    /// longer than memory.
    fn seal(&self, subject: Uuid, subject_type: &str) -> Option<Sealed> {
        let mut cipher = Aes256Siv::new(&self.bytes.into());
        let bytes = cipher.encrypt([subject_type.as_bytes()], subject.as_bytes()).ok()?;
        Some(Sealed { key: Arc::clone(&self.id), bytes })
    }

    #[cfg(test)]
    fn open(&self, bytes: &[u8], subject_type: &str) -> Option<Uuid> {
        let mut cipher = Aes256Siv::new(&self.bytes.into());
        let opened = cipher.decrypt([subject_type.as_bytes()], bytes).ok()?;
        Uuid::from_slice(&opened).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(id: &str, digit: char) -> String {
        format!("{id}:{}\n", digit.to_string().repeat(2 * LENGTH))
    }

    #[test]
    fn the_same_person_gives_the_same_bytes_and_another_others() {
        let keys = Keys::development().unwrap();
        let sealed = |id: u128, of: &str| keys.seal(Uuid::from_u128(id), of).unwrap().bytes;
        assert_eq!(sealed(1, "Persoon"), sealed(1, "Persoon"));
        assert_ne!(sealed(1, "Persoon"), sealed(2, "Persoon"));
        assert_ne!(sealed(1, "Persoon"), sealed(1, "Medewerker"));
        assert_eq!(sealed(1, "Persoon").len(), 32);
    }

    #[test]
    fn who_has_the_key_reads_who_it_is_and_nobody_else() {
        let [one, other] = ['1', '2'].map(|digit| Keys::parse(&line("k", digit)).unwrap().current);
        let person = Uuid::from_u128(7);
        let sealed = one.seal(person, "Persoon").unwrap();
        assert_eq!(one.open(&sealed.bytes, "Persoon"), Some(person));
        assert_eq!(other.open(&sealed.bytes, "Persoon"), None);
        assert_eq!(one.open(&sealed.bytes, "Medewerker"), None);
    }

    #[test]
    fn what_was_written_with_an_earlier_key_is_found_with_it() {
        let person = Uuid::from_u128(7);
        let before = Keys::parse(&line("2026", '1')).unwrap().seal(person, "Persoon").unwrap();
        let keys = Keys::parse(&format!("{}{}", line("2027", '2'), line("2026", '1'))).unwrap();
        let now = keys.seal(person, "Persoon").unwrap();
        assert_eq!(&*now.key, "2027");
        assert_eq!(keys.sealed(person, "Persoon"), [now.bytes, before.bytes]);
    }

    #[test]
    fn a_file_that_holds_no_keys_is_refused_without_a_word_of_it() {
        let short = format!("2026:{}", "a".repeat(2 * LENGTH - 1));
        let odd = format!("2026:{}g", "a".repeat(2 * LENGTH - 1));
        for wrong in ["secret", &short, &odd, &line("", 'a')] {
            let error = Keys::parse(wrong).unwrap_err();
            assert!(matches!(error, KeysError::Line(1)), "{error}");
            assert!(!error.to_string().contains("secret"));
        }
        assert!(matches!(Keys::parse("\n"), Err(KeysError::Empty)));
        let twice = Keys::parse(&format!("{}{}", line("a", '1'), line("a", '2')));
        assert!(matches!(twice, Err(KeysError::Twice(_))));
    }
}
