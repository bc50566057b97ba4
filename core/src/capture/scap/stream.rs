//! A file as a stream of bytes, unpacked on the way, seen through a window that holds what is looked at.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::bufread::MultiGzDecoder;

use super::ahead::{self, Ahead, CHUNK, FRONT, Source};
use super::error::{Fault, ScapError};

/// Reads before a thread does them: a file that is read by then needs none.
const ALONE: u32 = 4;
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
const STDIN: &str = "-";

/// How far a file has been read, shared with whoever shows it.
#[derive(Clone, Debug, Default)]
pub struct Progress(Arc<AtomicU64>);

impl Progress {
    /// Bytes of the file, as it is stored, that were read.
    pub fn bytes(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

struct Counting<R> {
    inner: R,
    progress: Progress,
}

impl<R: Read> Read for Counting<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buf)?;
        self.progress.0.fetch_add(n as u64, Ordering::Relaxed);
        Ok(n)
    }
}

/// Where bytes come from.
enum Supply {
    Here { source: Source, reads: u32 },
    Ahead(Ahead),
}

/// The unpacked bytes of a capture file.
pub struct Stream {
    supply: Supply,
    buf: Vec<u8>,
    start: usize,
    end: usize,
    /// Offset of `buf[start]` in the unpacked file.
    offset: u64,
    ended: bool,
}

impl Stream {
    /// A file, or standard input for `-`.
    ///
    /// # Errors
    /// The file can't be opened or its beginning read.
    pub fn open(path: &Path, progress: &Progress) -> io::Result<Self> {
        if path.as_os_str() == STDIN {
            return Self::new(io::stdin(), progress);
        }
        Self::new(File::open(path)?, progress)
    }

    /// Takes gzip, also several members one after the other, and plain bytes.
    ///
    /// # Errors
    /// The beginning can't be read.
    pub fn new(source: impl Read + Send + 'static, progress: &Progress) -> io::Result<Self> {
        let mut source = Counting { inner: source, progress: progress.clone() };
        let mut begin = Vec::new();
        while begin.len() < GZIP_MAGIC.len() {
            let mut byte = [0];
            if ahead::read_once(&mut source, &mut byte)? == 0 {
                break;
            }
            begin.extend(byte);
        }
        let packed = begin == GZIP_MAGIC;
        let whole = Cursor::new(begin).chain(source);
        let source: Source = if packed {
            Box::new(MultiGzDecoder::new(BufReader::with_capacity(CHUNK, whole)))
        } else {
            Box::new(whole)
        };
        let supply = Supply::Here { source, reads: 0 };
        Ok(Self { supply, buf: ahead::buffer(), start: 0, end: 0, offset: 0, ended: false })
    }

    /// Offset of the next byte.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// The next bytes, `want` of them or as many as are left. Memory grows with what really arrives.
    ///
    /// # Errors
    /// Reading or unpacking fails.
    #[inline]
    pub fn peek(&mut self, want: usize) -> Result<&[u8], ScapError> {
        if self.end - self.start < want && !self.ended {
            self.fill(want)?;
        }
        let len = want.min(self.end - self.start);
        Ok(&self.buf[self.start..self.start + len])
    }

    /// What was read and not passed over yet.
    #[inline]
    pub fn ahead(&self) -> &[u8] {
        self.buf.get(self.start..self.end).unwrap_or_default()
    }

    /// Bytes that the last [`Stream::peek`] gave.
    #[inline]
    pub fn seen(&self, len: usize) -> &[u8] {
        self.ahead().get(..len).unwrap_or_default()
    }

    #[cold]
    fn fill(&mut self, want: usize) -> Result<(), ScapError> {
        while self.end - self.start < want {
            match self.more() {
                Ok(0) => {
                    self.ended = true;
                    break;
                }
                Ok(_) => {}
                Err(e) => return Err(Fault::Io(e).at(self.offset + (self.end - self.start) as u64)),
            }
        }
        Ok(())
    }

    /// Bytes that came in addition; 0 at the end.
    fn more(&mut self) -> io::Result<usize> {
        self.hand_over();
        match &mut self.supply {
            Supply::Here { source, reads } => {
                *reads = reads.saturating_add(1);
                self.buf.copy_within(self.start..self.end, 0);
                (self.start, self.end) = (0, self.end - self.start);
                if self.end == self.buf.len() {
                    self.buf.resize(self.buf.len() * 2, 0);
                }
                let got = ahead::read_once(source, &mut self.buf[self.end..])?;
                self.end += got;
                Ok(got)
            }
            Supply::Ahead(ahead) => {
                let ahead::Chunk { mut buf, got } = ahead.next()?;
                let (got, left) = (got?, self.end - self.start);
                if left <= FRONT {
                    buf[FRONT - left..FRONT].copy_from_slice(&self.buf[self.start..self.end]);
                    std::mem::swap(&mut self.buf, &mut buf);
                    (self.start, self.end) = (FRONT - left, FRONT + got);
                } else {
                    self.buf.truncate(self.end);
                    self.buf.drain(..self.start);
                    self.buf.extend_from_slice(&buf[FRONT..FRONT + got]);
                    (self.start, self.end) = (0, left + got);
                }
                ahead.give_back(buf);
                Ok(got)
            }
        }
    }

    /// Has a thread read on, if the file turns out to be long.
    fn hand_over(&mut self) {
        let Supply::Here { source, reads } = &mut self.supply else { return };
        if *reads == ALONE {
            let source = std::mem::replace(source, Box::new(io::empty()));
            self.supply = match Ahead::start(source) {
                Ok(ahead) => Supply::Ahead(ahead),
                Err(source) => Supply::Here { source, reads: ALONE + 1 },
            };
        }
    }

    /// Passes over `len` bytes that were looked at.
    #[inline]
    pub fn consume(&mut self, len: usize) {
        let len = len.min(self.end - self.start);
        self.start += len;
        self.offset += len as u64;
    }

    /// Passes over `len` bytes, looked at or not.
    ///
    /// # Errors
    /// The file ends before, or reading fails.
    pub fn skip(&mut self, mut len: u64) -> Result<(), ScapError> {
        while len > 0 {
            let got = self.peek(usize::try_from(len).unwrap_or(CHUNK).min(CHUNK))?.len();
            if got == 0 {
                let missing = usize::try_from(len).unwrap_or(usize::MAX);
                return Err(Fault::Truncated { missing }.at(self.offset));
            }
            self.consume(got);
            len -= got as u64;
        }
        Ok(())
    }
}
