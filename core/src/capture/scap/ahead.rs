//! A file read, and unpacked, ahead of whoever looks at it, in a thread of its own.

use std::io::{self, Read};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;

/// Bytes read at once.
pub const CHUNK: usize = 256 << 10;
/// Room in front of what is read, for what is left of the buffer before: nearly every block fits.
pub const FRONT: usize = 64 << 10;
/// Buffers on their way between the two threads, and how many go back at once: to wake a thread costs as much as to read
/// a tenth of a buffer, and more where the two share a CPU.
const BUFFERS: usize = 8;
const BATCH: usize = 4;

pub type Source = Box<dyn Read + Send>;

/// What one read gave: so many bytes at [`FRONT`], none at the end. Nothing comes behind an end or an error.
pub struct Chunk {
    pub buf: Vec<u8>,
    pub got: io::Result<usize>,
}

/// The thread, which ends soon after this is dropped.
pub struct Ahead {
    filled: Receiver<Chunk>,
    empty: Sender<Vec<Vec<u8>>>,
    /// Not given back yet.
    seen: Vec<Vec<u8>>,
}

impl Ahead {
    /// Starts reading.
    ///
    /// # Errors
    /// The source, if there is no thread to be had.
    pub fn start(source: Source) -> Result<Self, Source> {
        let (fills, filled) = mpsc::channel();
        let (empty, empties) = mpsc::channel();
        let (hand, take) = mpsc::channel();
        let run = move || {
            if let Ok(source) = take.recv() {
                read(source, &empties, &fills);
            }
        };
        if thread::Builder::new().name("yarak-read".into()).spawn(run).is_err() {
            return Err(source);
        }
        hand.send(source).map_err(|back| back.0)?;
        let mut ahead = Self { filled, empty, seen: Vec::new() };
        (0..BUFFERS).for_each(|_| ahead.give_back(buffer()));
        Ok(ahead)
    }

    /// Waits for what comes next.
    ///
    /// # Errors
    /// The thread has ended, which it does behind an end or an error.
    pub fn next(&self) -> io::Result<Chunk> {
        self.filled.recv().map_err(|_| io::Error::other("its thread has ended"))
    }

    /// A buffer that was looked at; one that has grown is let go.
    pub fn give_back(&mut self, buf: Vec<u8>) {
        self.seen.push(if buf.len() == FRONT + CHUNK { buf } else { buffer() });
        if self.seen.len() == BATCH {
            // A thread that has ended needs none.
            let _ = self.empty.send(std::mem::take(&mut self.seen));
        }
    }
}

/// One to read into.
pub fn buffer() -> Vec<u8> {
    vec![0; FRONT + CHUNK]
}

/// Reads once, whatever signals come.
pub fn read_once(source: &mut impl Read, buf: &mut [u8]) -> io::Result<usize> {
    loop {
        match source.read(buf) {
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            got => return got,
        }
    }
}

fn read(mut source: Source, empties: &Receiver<Vec<Vec<u8>>>, fills: &Sender<Chunk>) {
    for mut buf in empties.iter().flatten() {
        let got = read_once(&mut source, &mut buf[FRONT..]);
        let last = !matches!(got, Ok(1..));
        if fills.send(Chunk { buf, got }).is_err() || last {
            return;
        }
    }
}
