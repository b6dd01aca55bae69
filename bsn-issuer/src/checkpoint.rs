//! How far it has come: the cursor of the last message that was done, in a file.

use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

/// Before the first event of the log.
const BEGINNING: &str = "0";

/// The file.
#[derive(Clone, Debug)]
pub(crate) struct Checkpoint(PathBuf);

impl Checkpoint {
    /// This file, which need not be there.
    pub(crate) fn new(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// After what to go on; the beginning of the log where nothing is remembered.
    ///
    /// # Errors
    /// When there is a file that cannot be read.
    pub(crate) fn read(&self) -> io::Result<String> {
        match std::fs::read_to_string(&self.0) {
            Ok(cursor) if cursor.trim().is_empty() => Ok(BEGINNING.to_owned()),
            Ok(cursor) => Ok(cursor.trim().to_owned()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(BEGINNING.to_owned()),
            Err(error) => Err(error),
        }
    }

    /// Remembers this cursor: whoever reads finds the one before or this one, and never a part of it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn write(&self, cursor: &str) -> io::Result<()> {
        let mut new = self.0.clone().into_os_string();
        new.push(".new");
        let mut file = File::create(&new)?;
        writeln!(file, "{cursor}")?;
        // A name that survives a crash of the machine must not stand for what does not.
        file.sync_all()?;
        std::fs::rename(&new, &self.0)?;
        let folder = self.0.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
    }

    /// Begins at the beginning again.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn forget(&self) -> io::Result<()> {
        self.write(BEGINNING)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("bsn-issuer-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a temporary folder");
        folder
    }

    #[test]
    fn what_was_written_last_is_read_and_nothing_else_is_left() {
        let folder = folder("written");
        let checkpoint = Checkpoint::new(&folder.join("checkpoint"));
        assert_eq!(checkpoint.read().expect("no file is no error"), "0");
        for cursor in ["MTI2", "MTI4LjE"] {
            checkpoint.write(cursor).expect("it is written");
            assert_eq!(checkpoint.read().expect("it is read"), cursor);
        }
        assert_eq!(std::fs::read_dir(&folder).expect("a folder").count(), 1);
        checkpoint.forget().expect("it is written");
        assert_eq!(checkpoint.read().expect("it is read"), "0");
        std::fs::remove_dir_all(folder).expect("a folder that goes");
    }

    #[test]
    fn an_unfinished_file_beside_it_changes_nothing() {
        let folder = folder("unfinished");
        let checkpoint = Checkpoint::new(&folder.join("checkpoint"));
        checkpoint.write("MTI2").expect("it is written");
        std::fs::write(folder.join("checkpoint.new"), "MT").expect("half a cursor");
        assert_eq!(checkpoint.read().expect("it is read"), "MTI2");
        checkpoint.write("MTI4").expect("it is written");
        assert_eq!(checkpoint.read().expect("it is read"), "MTI4");
        std::fs::remove_dir_all(folder).expect("a folder that goes");
    }

    #[test]
    fn a_folder_in_its_place_is_an_error() {
        assert!(Checkpoint::new(&std::env::temp_dir()).read().is_err());
    }
}
