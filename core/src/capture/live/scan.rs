//! Processes that exist at start: the iterator's records, with arguments and environment from /proc.

use super::error::LiveError;
use crate::event::{DecodeError, Event, HEADER_LEN, ext_flags};
use crate::state::arguments::{Arguments, Reader};
use crate::state::wire::exec;
use libbpf_rs::{Iter, Link, ProgramMut};
use std::io::{BufRead, BufReader, Read};

/// Bytes read at once.
const BUFFER: usize = 64 << 10;
/// Bytes kept of arguments and of environment, as in an exec event.
const STRINGS_LIMIT: usize = 4095;
/// Parameter numbers of an execve event.
const EXE: usize = 1;
const ARGS: usize = 2;
const ENV: usize = 15;
/// Of `struct yk_ext`.
const EXT_FLAGS: usize = 2;

/// What exists.
#[derive(Debug)]
pub struct Scanned {
    pub records: Vec<Vec<u8>>,
    /// Processes and threads that there was no room for.
    pub refused: u64,
}

/// One reading of the task iterator that has not begun.
pub struct Scan {
    iter: Iter,
    /// Kept as long as the iterator.
    _link: Link,
}

impl Scan {
    /// # Errors
    /// The kernel refused the iterator.
    pub fn open(program: &ProgramMut<'_>) -> Result<Self, LiveError> {
        let link = program.attach()?;
        Ok(Self { iter: Iter::new(&link)?, _link: link })
    }

    /// The records as the kernel writes them.
    ///
    /// # Errors
    /// I/O errors of the iterator; a record that ends early.
    pub fn raw(self) -> std::io::Result<Vec<Vec<u8>>> {
        let mut all = Vec::new();
        self.each(|record| all.push(record.to_vec()))?;
        Ok(all)
    }

    /// Calls `each` with the records as the kernel writes them.
    ///
    /// # Errors
    /// As above.
    pub fn each(self, each: impl FnMut(&[u8])) -> std::io::Result<()> {
        records(self.iter, each)
    }

    /// Every process and thread that exists, as execve- and clone-shaped records with arguments and environment. What
    /// does not answer in time has none, and says so ([`ext_flags::UNREAD`]). At most `room` of them: state keeps no more.
    ///
    /// # Errors
    /// I/O errors of the iterator; a record that is none.
    pub fn records(self, reader: &mut Reader, room: usize) -> std::io::Result<Scanned> {
        let broken = |error: DecodeError| std::io::Error::new(std::io::ErrorKind::InvalidData, error.to_string());
        let (mut raw, mut refused) = (Vec::new(), 0);
        self.each(|record| match raw.len() < room {
            true => raw.push(record.to_vec()),
            false => refused += 1,
        })?;
        let records = raw.iter().map(|record| complete(record, reader).map_err(broken)).collect::<Result<_, _>>()?;
        Ok(Scanned { records, refused })
    }
}

/// Calls `each` with the records of an iterator's byte stream: u32 length, then that many bytes.
///
/// # Errors
/// I/O errors of the iterator; a record that ends early.
fn records(stream: impl Read, mut each: impl FnMut(&[u8])) -> std::io::Result<()> {
    let mut stream = BufReader::with_capacity(BUFFER, stream);
    let (mut head, mut record) = ([0; 4], Vec::new());
    while !stream.fill_buf()?.is_empty() {
        stream.read_exact(&mut head)?;
        let len = u32::from_le_bytes(head);
        record.clear();
        stream.by_ref().take(u64::from(len)).read_to_end(&mut record)?;
        if record.len() != len as usize {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        each(&record);
    }
    Ok(())
}

/// Fills in what is another process's memory.
fn complete(record: &[u8], reader: &mut Reader) -> Result<Vec<u8>, DecodeError> {
    let event = Event::decode(record, 0)?;
    if event.id != exec::ID {
        return Ok(record.to_vec());
    }
    let Some(Arguments { mut all, mut env }) = reader.ask(event.tid) else { return Ok(unread(record)) };
    all.truncate(STRINGS_LIMIT);
    env.truncate(STRINGS_LIMIT);
    let (exe, args) = split_exe(all);
    Ok(with_params(record, &event, &[(EXE, exe), (ARGS, args), (ENV, env)]))
}

/// The record as it is, with the word that it is so for want of an answer.
fn unread(record: &[u8]) -> Vec<u8> {
    let mut record = record.to_vec();
    let flags = event_len(&record) + EXT_FLAGS;
    if let Some(bytes) = record.get_mut(flags..flags + 2) {
        let old = u16::from_le_bytes([bytes[0], bytes[1]]);
        bytes.copy_from_slice(&(old | ext_flags::UNREAD).to_le_bytes());
    }
    record
}

/// Of the event in a record; the extension follows.
fn event_len(record: &[u8]) -> usize {
    u32::from_le_bytes(record[16..20].try_into().unwrap_or_default()) as usize
}

/// argv[0] with its NUL, and the rest.
fn split_exe(cmdline: Vec<u8>) -> (Vec<u8>, Vec<u8>) {
    match cmdline.iter().position(|b| *b == 0) {
        Some(end) => (cmdline[..=end].to_vec(), cmdline[end + 1..].to_vec()),
        None if cmdline.is_empty() => (Vec::new(), Vec::new()),
        None => ([cmdline, vec![0]].concat(), Vec::new()),
    }
}

/// The record with some parameters replaced.
fn with_params(record: &[u8], event: &Event<'_>, replace: &[(usize, Vec<u8>)]) -> Vec<u8> {
    let mut lens: Vec<u8> = Vec::new();
    let mut body: Vec<u8> = Vec::new();
    for index in 0..event.nparams() {
        let new = replace.iter().find(|(i, _)| *i == index).map(|(_, bytes)| bytes.as_slice());
        let bytes = new.unwrap_or_else(|| event.param(index).unwrap_or_default());
        lens.extend((bytes.len() as u16).to_le_bytes());
        body.extend(bytes);
    }
    let total = (HEADER_LEN + lens.len() + body.len()) as u32;
    let mut out = record[..HEADER_LEN].to_vec();
    out[16..20].copy_from_slice(&total.to_le_bytes());
    out.extend(lens);
    out.extend(body);
    out.extend(&record[event_len(record)..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(params: &[&[u8]], tail: &[u8]) -> Vec<u8> {
        let lens: Vec<u8> = params.iter().flat_map(|p| (p.len() as u16).to_le_bytes()).collect();
        let body = params.concat();
        let mut out = vec![0; HEADER_LEN];
        out[16..20].copy_from_slice(&((HEADER_LEN + lens.len() + body.len()) as u32).to_le_bytes());
        out[22..26].copy_from_slice(&(params.len() as u32).to_le_bytes());
        [out, lens, body, tail.to_vec()].concat()
    }

    #[test]
    fn replaces_parameters_and_keeps_what_follows() {
        let record = event(&[b"a", b"", b"ccc"], &[]);
        let decoded = Event::decode(&record, 0).unwrap();
        let out = with_params(&record, &decoded, &[(1, b"bb".to_vec())]);
        let again = Event::decode(&out, 0).unwrap();
        assert_eq!(
            (again.param(0), again.param(1), again.param(2)),
            (Some(&b"a"[..]), Some(&b"bb"[..]), Some(&b"ccc"[..]))
        );
    }

    #[test]
    fn a_record_says_that_nobody_answered() {
        let ext = vec![64, 0, ext_flags::SCAN as u8, 0].into_iter().chain([0; 60]).collect::<Vec<u8>>();
        let record = unread(&event(&[b"a", b"b"], &ext));
        let again = Event::decode(&record, 0).unwrap();
        assert!(again.has_flag(ext_flags::UNREAD) && again.has_flag(ext_flags::SCAN));
        assert_eq!(again.param(1), Some(&b"b"[..]));
    }

    #[test]
    fn splits_the_first_argument_off() {
        assert_eq!(split_exe(b"sh\0-c\0x\0".to_vec()), (b"sh\0".to_vec(), b"-c\0x\0".to_vec()));
        assert_eq!(split_exe(b"title".to_vec()), (b"title\0".to_vec(), Vec::new()));
    }

    #[test]
    fn a_stream_that_ends_early_is_an_error() {
        let read = |stream: &[u8]| {
            let mut found = Vec::new();
            records(stream, |record| found.push(record.to_vec())).map(|()| found)
        };
        assert!(read(&[5, 0, 0, 0, 1]).is_err() && read(&[5, 0]).is_err());
        assert_eq!(read(&[1, 0, 0, 0, 9]).unwrap(), vec![vec![9]]);
    }
}
