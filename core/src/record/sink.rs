//! One file being written, on a thread of its own: compression and a slow disk must not hold up the pipeline.

use flate2::Compression;
use flate2::write::GzEncoder;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Chunks that may wait; of [`super::file::CHUNK`] bytes each, that is 16 MiB.
const QUEUE: usize = 64;
/// What has been written goes to the disk at the latest after this time, so that a crash leaves a readable file.
const IDLE: Duration = Duration::from_secs(1);

/// How an existing file of the same name is met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// The user named the file.
    Replace,
    /// The name is ours and in a directory that others may write to: neither a file nor a link may be there.
    Refuse,
}

/// The queue is full or the writer is dead.
#[derive(Debug)]
pub struct NotTaken;

#[derive(Default)]
struct Shared {
    /// Bytes in the file, after compression.
    written: AtomicU64,
    error: Mutex<Option<String>>,
}

/// A file in progress; finished when dropped.
pub struct Sink {
    chunks: Option<SyncSender<Vec<u8>>>,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Sink {
    /// # Errors
    /// The file can't be made.
    pub fn create(path: &str, gzip: bool, existing: Existing) -> io::Result<Self> {
        let target: Box<dyn Write + Send> = if path == "-" { Box::new(io::stdout()) } else { open(path, existing)? };
        let shared = Arc::new(Shared::default());
        let counted = Counted { target, shared: Arc::clone(&shared) };
        let (chunks, inbox) = sync_channel(QUEUE);
        let thread = thread::Builder::new().name("yarak-record".into()).spawn({
            let shared = Arc::clone(&shared);
            move || {
                let ended = if gzip {
                    write_all(GzEncoder::new(counted, Compression::fast()), &inbox, |gz| gz.finish().map(drop))
                } else {
                    write_all(counted, &inbox, |mut plain| plain.flush())
                };
                if let Err(error) = ended {
                    *shared.error.lock().unwrap_or_else(PoisonError::into_inner) = Some(error.to_string());
                }
            }
        })?;
        Ok(Self { chunks: Some(chunks), shared, thread: Some(thread) })
    }

    /// Hands a chunk over, waiting for room.
    ///
    /// # Errors
    /// The writer is dead.
    pub fn push_waiting(&self, chunk: Vec<u8>) -> Result<(), NotTaken> {
        self.chunks.as_ref().ok_or(NotTaken)?.send(chunk).map_err(|_| NotTaken)
    }

    /// Hands a chunk over if there is room.
    ///
    /// # Errors
    /// The queue is full or the writer is dead.
    pub fn push(&self, chunk: Vec<u8>) -> Result<(), NotTaken> {
        match self.chunks.as_ref().ok_or(NotTaken)?.try_send(chunk) {
            Ok(()) => Ok(()),
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => Err(NotTaken),
        }
    }

    /// Bytes in the file so far.
    pub fn written(&self) -> u64 {
        self.shared.written.load(Ordering::Relaxed)
    }

    /// What the writer died of.
    pub fn error(&self) -> Option<String> {
        self.shared.error.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until everything is in the file; its size.
    ///
    /// # Errors
    /// What the writer died of.
    pub fn finish(&mut self) -> Result<u64, String> {
        self.chunks = None;
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            return Err("the writer panicked".into());
        }
        self.error().map_or_else(|| Ok(self.written()), Err)
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        // Whoever cares for the error has asked for it before.
        let _ = self.finish();
    }
}

fn open(path: &str, existing: Existing) -> io::Result<Box<dyn Write + Send>> {
    let mut options = OpenOptions::new();
    options.write(true).mode(0o600).custom_flags(libc::O_CLOEXEC);
    match existing {
        Existing::Replace => options.create(true).truncate(true),
        Existing::Refuse => options.create_new(true),
    };
    Ok(Box::new(options.open(path)?))
}

/// The thread's body.
fn write_all<W: Write>(mut to: W, inbox: &Receiver<Vec<u8>>, end: impl FnOnce(W) -> io::Result<()>) -> io::Result<()> {
    let mut dirty = false;
    loop {
        match inbox.recv_timeout(IDLE) {
            Ok(chunk) => {
                to.write_all(&chunk)?;
                dirty = true;
            }
            Err(RecvTimeoutError::Timeout) if dirty => {
                to.flush()?;
                dirty = false;
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return end(to),
        }
    }
}

/// Counts what reaches the file.
struct Counted {
    target: Box<dyn Write + Send>,
    shared: Arc<Shared>,
}

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.target.write(bytes)?;
        self.shared.written.fetch_add(n as u64, Ordering::Relaxed);
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.target.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(name: &str) -> String {
        let path = std::env::temp_dir().join(format!("yarak-sink-{name}-{}", std::process::id()));
        let _ = std::fs::remove_file(&path);
        path.to_string_lossy().into_owned()
    }

    #[test]
    fn plain_bytes_arrive_and_are_counted() {
        let path = path("plain");
        let mut sink = Sink::create(&path, false, Existing::Refuse).unwrap();
        sink.push_waiting(b"abc".into()).unwrap();
        sink.push(b"de".into()).unwrap();
        assert_eq!(sink.finish(), Ok(5));
        assert_eq!(std::fs::read(&path).unwrap(), b"abcde");
        let again = Sink::create(&path, false, Existing::Refuse);
        assert_eq!(again.err().map(|e| e.kind()), Some(io::ErrorKind::AlreadyExists));
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn compressed_bytes_come_back() {
        let path = path("gzip");
        let mut sink = Sink::create(&path, true, Existing::Replace).unwrap();
        sink.push_waiting(vec![7; 100_000]).unwrap();
        let size = sink.finish().unwrap();
        let file = std::fs::File::open(&path).unwrap();
        assert_eq!(file.metadata().unwrap().len(), size);
        let mut back = Vec::new();
        io::Read::read_to_end(&mut flate2::read::GzDecoder::new(file), &mut back).unwrap();
        assert_eq!(back, vec![7; 100_000]);
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn a_full_disk_is_told() {
        let mut sink = Sink::create("/dev/full", false, Existing::Replace).unwrap();
        let _ = sink.push_waiting(vec![0; 10]);
        assert!(sink.finish().unwrap_err().contains("No space left"));
        assert!(sink.push(vec![0]).is_err());
    }
}
