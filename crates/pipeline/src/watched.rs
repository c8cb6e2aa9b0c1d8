//! A file that remembers why the system refused a write: the table writer's errors keep only words of it.

use std::fs::File;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};

/// The number of the system's last refusal; 0 while there was none.
#[derive(Clone, Default)]
pub(crate) struct Refusal(Arc<AtomicI32>);

impl Refusal {
    /// The refusal as an error; none when the system refused nothing.
    pub(crate) fn cause(&self) -> Option<io::Error> {
        let number = self.0.load(Ordering::Relaxed);
        (number != 0).then(|| io::Error::from_raw_os_error(number))
    }
}

pub(crate) struct Watched {
    file: File,
    refusal: Refusal,
}

impl Watched {
    pub(crate) fn new(file: File, refusal: Refusal) -> Self {
        Self { file, refusal }
    }

    pub(crate) fn sync_data(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn noted<T>(&self, done: io::Result<T>) -> io::Result<T> {
        if let Err(cause) = &done {
            let number = cause.raw_os_error().unwrap_or(0);
            self.refusal.0.store(number, Ordering::Relaxed);
        }
        done
    }
}

impl Write for Watched {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let done = self.file.write(bytes);
        self.noted(done)
    }

    fn flush(&mut self) -> io::Result<()> {
        let done = self.file.flush();
        self.noted(done)
    }
}
