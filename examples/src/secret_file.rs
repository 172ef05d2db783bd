//! Writes files that hold secrets: readable for their owner alone, whole or not at all, and never over another file unless told to.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

/// Writes `bytes` to `path` with mode 0600. They are written beside it under another name first, so that `path` is never half a file; with
/// `force` it takes the place of a file that is there.
///
/// # Errors
/// [`ErrorKind::AlreadyExists`] when there is a file and `force` is not given, and what the file system says.
pub fn write(path: &Path, bytes: &[u8], force: bool) -> io::Result<()> {
    if !force && path.symlink_metadata().is_ok() {
        return Err(already_there());
    }
    let beside = Beside::create(path)?;
    let mut file = &beside.file;
    file.write_all(bytes)?;
    file.sync_all()?;
    if force {
        fs::rename(&beside.path, path)
    } else {
        // A link does not replace what another program has put there meanwhile; not every file system has links.
        match fs::hard_link(&beside.path, path) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(already_there()),
            Err(_) if path.symlink_metadata().is_err() => fs::rename(&beside.path, path),
            linked => linked,
        }
    }
}

/// Whether [`write()`] would refuse, to be asked before work is done that would be lost.
///
/// # Errors
/// As [`write()`].
pub fn check(path: &Path, force: bool) -> io::Result<()> {
    if !force && path.symlink_metadata().is_ok() {
        return Err(already_there());
    }
    let folder = folder(path);
    if !folder.is_dir() {
        let missing = format!("there is no folder {}", folder.display());
        return Err(io::Error::new(ErrorKind::NotFound, missing));
    }
    if path.is_dir() {
        return Err(io::Error::new(ErrorKind::IsADirectory, "is a folder"));
    }
    // Whether one may write there, only writing tells.
    Beside::create(path).map(drop)
}

fn already_there() -> io::Error {
    io::Error::new(
        ErrorKind::AlreadyExists,
        "there is a file already, and it is not written over",
    )
}

fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// A file in the same folder, which is gone when it is dropped unless it was renamed.
struct Beside {
    file: File,
    path: PathBuf,
}

impl Beside {
    fn create(path: &Path) -> io::Result<Self> {
        let name = path
            .file_name()
            .ok_or_else(|| io::Error::new(ErrorKind::InvalidInput, "is no file name"))?;
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut number = 0_u32;
        loop {
            let mut beside = std::ffi::OsString::from(".");
            beside.push(name);
            beside.push(format!(".{}.{number}", std::process::id()));
            let beside = folder(path).join(beside);
            match options.open(&beside) {
                Ok(file) => return Ok(Self { file, path: beside }),
                Err(error) if error.kind() == ErrorKind::AlreadyExists && number < 100 => number += 1,
                Err(error) => return Err(error),
            }
        }
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        let _renamed = fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_written_over_and_nothing_is_left_behind() {
        let folder = std::env::temp_dir().join(format!("smartid-secret-file-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let file = folder.join("token.p12");
        write(&file, b"one", false).unwrap();
        for refused in [write(&file, b"two", false), check(&file, false)] {
            assert_eq!(refused.unwrap_err().kind(), ErrorKind::AlreadyExists);
        }
        assert_eq!(fs::read(&file).unwrap(), b"one");
        write(&file, b"three", true).unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"three");
        assert!(check(&file, true).is_ok() && check(&folder.join("new"), false).is_ok());
        for refused in ["nowhere/new", "..", "/dev/full/new", "../"] {
            assert!(check(&folder.join(refused), true).is_err(), "{refused}");
        }
        assert!(check(&folder, true).is_err(), "a folder");
        assert!(write(&folder.join("nowhere/new"), b"", false).is_err());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
            // A link that leads nowhere is a file too.
            let link = folder.join("link");
            std::os::unix::fs::symlink("nowhere", &link).unwrap();
            assert_eq!(
                write(&link, b"x", false).unwrap_err().kind(),
                ErrorKind::AlreadyExists
            );
            fs::remove_file(link).unwrap();
        }
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "only the file itself");
        fs::remove_dir_all(&folder).unwrap();
    }
}
