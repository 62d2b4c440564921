//! The bytes of an object or part: written once, in pieces, then immutable, in memory or in a file.
//! Which key they belong to, and when a file gets its final name, is left to the bucket and the directory.

use std::{
    fs::{self, File},
    io::{Read as _, Seek as _, SeekFrom, Write as _},
    ops::Range,
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
};

use bytes::{Bytes, BytesMut};
use md5::{Digest as _, Md5};

use super::disk::{Directory, TempFile};
use crate::{
    checksum::{ChecksumAlgorithm, Checksums, Hasher},
    error::{Result, StoreError},
};

/// Finished bytes.
#[derive(Debug)]
pub(crate) enum Blob {
    Memory(Bytes),
    File(FileBlob),
}

/// Finished bytes in a file, which is removed when the last user of a replaced blob lets go.
#[derive(Debug)]
pub(crate) struct FileBlob {
    path: PathBuf,
    size: u64,
    doomed: AtomicBool,
}

impl Drop for FileBlob {
    fn drop(&mut self) {
        if self.doomed.load(Ordering::Acquire) {
            // a file that stays is removed when the directory is next opened
            let _ = fs::remove_file(&self.path);
        }
    }
}

impl Blob {
    pub(crate) fn file(path: PathBuf, size: u64) -> Self {
        Self::File(FileBlob {
            path,
            size,
            doomed: AtomicBool::new(false),
        })
    }

    pub(crate) fn size(&self) -> u64 {
        match self {
            Self::Memory(bytes) => bytes.len() as u64,
            Self::File(file) => file.size,
        }
    }

    /// Nobody can find these bytes any more: their file goes with the last reader.
    pub(crate) fn doom(&self) {
        if let Self::File(file) = self {
            file.doomed.store(true, Ordering::Release);
        }
    }

    /// The path, if the bytes are in a file.
    pub(crate) fn path(&self) -> Option<&Path> {
        match self {
            Self::Memory(_) => None,
            Self::File(file) => Some(&file.path),
        }
    }

    /// The bytes of a range, which must lie inside.
    pub(crate) fn read(&self, range: Range<u64>) -> Result<Bytes> {
        let size = self.size();
        let out_of_range = || StoreError::InvalidRange {
            start: range.start,
            end: range.end,
            size,
        };
        if range.start > range.end || range.end > size {
            return Err(out_of_range());
        }
        let start = usize::try_from(range.start).map_err(|_| out_of_range())?;
        let end = usize::try_from(range.end).map_err(|_| out_of_range())?;
        match self {
            Self::Memory(bytes) => Ok(bytes.slice(start..end)),
            Self::File(file) => {
                let mut reader =
                    File::open(&file.path).map_err(StoreError::io("open", &file.path))?;
                let mut buffer = vec![0; end - start];
                reader
                    .seek(SeekFrom::Start(range.start))
                    .and_then(|_| reader.read_exact(&mut buffer))
                    .map_err(StoreError::io("read", &file.path))?;
                Ok(buffer.into())
            }
        }
    }
}

/// An announced size is not trusted with more memory than this.
const MAX_RESERVE: usize = 64 << 20;

/// Bytes on their way in. Dropped before it is finished, it leaves nothing.
pub(crate) struct BlobWriter {
    sink: Sink,
    reserve: usize,
    size: u64,
    md5: Md5,
    hasher: Hasher,
}

enum Sink {
    Memory { first: Bytes, rest: BytesMut },
    File { file: File, temp: TempFile },
}

/// Bytes that are complete, and in a file safe on the disk, but not yet anybody's object.
pub(crate) struct Finished {
    pub(crate) size: u64,
    pub(crate) md5: [u8; 16],
    pub(crate) checksums: Checksums,
    pub(crate) body: FinishedBody,
}

pub(crate) enum FinishedBody {
    Memory(Bytes),
    File(TempFile),
}

impl BlobWriter {
    /// A writer into memory, or into a temporary file of the directory. `expected` is the size in
    /// bytes if it was announced.
    pub(crate) fn new(
        directory: Option<&Directory>,
        checksums: impl IntoIterator<Item = ChecksumAlgorithm>,
        expected: Option<u64>,
    ) -> Result<Self> {
        let sink = match directory {
            None => Sink::Memory {
                first: Bytes::new(),
                rest: BytesMut::new(),
            },
            Some(directory) => {
                let temp = directory.temp_file();
                let file =
                    File::create_new(temp.path()).map_err(StoreError::io("create", temp.path()))?;
                Sink::File { file, temp }
            }
        };
        let expected = usize::try_from(expected.unwrap_or(0)).unwrap_or(usize::MAX);
        Ok(Self {
            sink,
            reserve: expected.min(MAX_RESERVE),
            size: 0,
            md5: Md5::new(),
            hasher: Hasher::new(checksums),
        })
    }

    pub(crate) fn write(&mut self, bytes: Bytes) -> Result<()> {
        self.md5.update(&bytes);
        self.hasher.update(&bytes);
        self.size += bytes.len() as u64;
        match &mut self.sink {
            // one piece is kept as it came; only the second makes a copy necessary
            Sink::Memory { first, rest } if first.is_empty() && rest.is_empty() => *first = bytes,
            Sink::Memory { first, rest } => {
                if !first.is_empty() {
                    rest.reserve(self.reserve.max(first.len() + bytes.len()));
                    rest.extend_from_slice(first);
                    first.clear();
                }
                rest.extend_from_slice(&bytes);
            }
            Sink::File { file, temp } => file
                .write_all(&bytes)
                .map_err(StoreError::io("write", temp.path()))?,
        }
        Ok(())
    }

    /// Appends a finished blob.
    pub(crate) fn append(&mut self, blob: &Blob) -> Result<()> {
        const STEP: u64 = 1 << 20;
        let mut at = 0;
        while at < blob.size() {
            let end = blob.size().min(at + STEP);
            self.write(blob.read(at..end)?)?;
            at = end;
        }
        Ok(())
    }

    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// Completes the bytes; in a file they are on the disk when this returns.
    pub(crate) fn finish(self) -> Result<Finished> {
        let body = match self.sink {
            Sink::Memory { first, rest } if rest.is_empty() => FinishedBody::Memory(first),
            Sink::Memory { rest, .. } => FinishedBody::Memory(rest.freeze()),
            Sink::File { file, temp } => {
                file.sync_all()
                    .map_err(StoreError::io("write", temp.path()))?;
                FinishedBody::File(temp)
            }
        };
        Ok(Finished {
            size: self.size,
            md5: self.md5.finalize().into(),
            checksums: self.hasher.finish(),
            body,
        })
    }
}

/// The MD5 of MD5s, as an entity tag of a multipart object shows it.
pub(crate) fn md5_of(md5s: impl IntoIterator<Item = [u8; 16]>) -> [u8; 16] {
    let mut md5 = Md5::new();
    for one in md5s {
        md5.update(one);
    }
    md5.finalize().into()
}
