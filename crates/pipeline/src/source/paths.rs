//! Names on the command line become inputs.

use std::fs;
use std::path::{Path, PathBuf};

use crate::Error;

/// Standard input's name.
pub const STANDARD_INPUT: &str = "-";

/// Files a folder may hold, so that a wrong folder is noticed.
const FOLDER_FILES: usize = 100_000;

/// One input: where it is and what rows call it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputName {
    /// As given; files of a folder: the folder as given, `/`, the file's name.
    pub name: String,
    /// Where it lies; `None` is standard input.
    pub path: Option<PathBuf>,
    /// Found in a folder: a file that is no capture is passed over, not an error.
    pub from_folder: bool,
}

/// The inputs that these arguments name, in order; folders give their files by name, not deeper.
///
/// # Errors
/// A path that does not exist or cannot be listed, standard input twice, a folder without files.
pub fn named_inputs(arguments: &[String]) -> Result<Vec<InputName>, Error> {
    let mut inputs = Vec::new();
    for argument in arguments {
        let path = Path::new(argument);
        if argument == STANDARD_INPUT {
            if inputs.iter().any(|input: &InputName| input.path.is_none()) {
                return Err(Error::Usage("standard input (`-`) is named twice".into()));
            }
            inputs.push(InputName {
                name: argument.clone(),
                path: None,
                from_folder: false,
            });
        } else if path.is_dir() {
            inputs.extend(folder(argument, path)?);
        } else {
            fs::metadata(path).map_err(|cause| Error::input(argument, io_text(&cause)))?;
            inputs.push(InputName {
                name: argument.clone(),
                path: Some(path.to_owned()),
                from_folder: false,
            });
        }
    }
    Ok(inputs)
}

fn folder(argument: &str, path: &Path) -> Result<Vec<InputName>, Error> {
    let unreadable = |cause: std::io::Error| Error::input(argument, io_text(&cause));
    let mut files = Vec::new();
    for entry in fs::read_dir(path).map_err(unreadable)?.take(FOLDER_FILES) {
        let path = entry.map_err(unreadable)?.path();
        let hidden = path
            .file_name()
            .is_none_or(|name| name.as_encoded_bytes().starts_with(b"."));
        if path.is_file() && !hidden {
            files.push(path);
        }
    }
    files.sort();
    if files.is_empty() {
        return Err(Error::input(argument, "the folder holds no file"));
    }
    let base = argument.trim_end_matches('/');
    let named = |path: PathBuf| {
        let file = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        InputName {
            name: format!("{base}/{file}"),
            path: Some(path),
            from_folder: true,
        }
    };
    Ok(files.into_iter().map(named).collect())
}

/// An I/O error as a person should hear it.
pub(crate) fn io_text(cause: &std::io::Error) -> String {
    match cause.kind() {
        std::io::ErrorKind::NotFound => "no such file".into(),
        std::io::ErrorKind::PermissionDenied => "permission denied".into(),
        _ => cause.to_string(),
    }
}
