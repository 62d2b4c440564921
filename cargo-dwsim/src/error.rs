//! Everything that can go wrong in an expected way, with its exit code, its place in a file where it has
//! one, and a line of help. What the libraries report comes here as it is; nothing is rephrased away.

use std::path::PathBuf;

use dwsim_generate::GenerateError;
use dwsim_runtime::snapshot::{AcceptError, PendingError};
use dwsim_runtime::sqltest::DiscoverError;
use dwsim_schema::Diagnostics;
use miette::{Diagnostic, NamedSource, SourceSpan};
use thiserror::Error;

use crate::exit;

/// A command's result; the value is its exit code.
pub type Result<T> = std::result::Result<T, Error>;

/// One fault of the configuration, drawn with the place it has in its source.
#[derive(Debug, Error)]
#[error("{diagnostic_line}")]
pub struct Finding {
    /// `dwsim.toml:3:1: what is wrong`.
    diagnostic_line: String,
    code: &'static str,
    help: Option<String>,
    source_text: Option<NamedSource<String>>,
    span: SourceSpan,
}

impl Finding {
    /// A fault at a line and column (from 1) of a text.
    pub fn in_text(
        code: &'static str,
        (name, text): (&str, &str),
        (line, column): (usize, usize),
        message: &str,
        help: Option<String>,
    ) -> Self {
        let start: usize = text
            .split_inclusive('\n')
            .take(line.saturating_sub(1))
            .map(str::len)
            .sum();
        let rest = text.get(start..).unwrap_or_default();
        let inner = rest
            .char_indices()
            .nth(column.saturating_sub(1))
            .map_or(rest.len(), |(i, _)| i);
        let word = rest.get(inner..).unwrap_or_default();
        let end = word
            .find(|c: char| !(c.is_alphanumeric() || c == '_'))
            .unwrap_or(word.len());
        Finding {
            diagnostic_line: format!("{name}:{line}:{column}: {message}"),
            code,
            help,
            source_text: Some(NamedSource::new(name, text.to_owned())),
            span: (start + inner, end).into(),
        }
    }
}

impl Diagnostic for Finding {
    fn code<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        Some(Box::new(self.code))
    }

    fn help<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        self.help
            .as_ref()
            .map(|h| Box::new(h) as Box<dyn std::fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn miette::SourceCode> {
        self.source_text
            .as_ref()
            .map(|s| s as &dyn miette::SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = miette::LabeledSpan> + '_>> {
        self.source_text.as_ref()?;
        Some(Box::new(std::iter::once(
            miette::LabeledSpan::new_with_span(None, self.span),
        )))
    }
}

impl From<dwsim_runtime::Error> for Error {
    fn from(e: dwsim_runtime::Error) -> Self {
        Error::Emulator {
            message: e.to_string(),
            help: None,
        }
    }
}

impl From<GenerateError> for Error {
    fn from(e: GenerateError) -> Self {
        Error::Generate {
            message: e.to_string(),
        }
    }
}

impl From<DiscoverError> for Error {
    fn from(e: DiscoverError) -> Self {
        match e {
            DiscoverError::Io { path, source } => Error::Io {
                what: path.display().to_string(),
                cause: source,
            },
            DiscoverError::File { .. } => Error::TestFile {
                message: e.to_string(),
            },
        }
    }
}

impl From<PendingError> for Error {
    fn from(e: PendingError) -> Self {
        match e {
            PendingError::Io { path, source } => Error::Io {
                what: path.display().to_string(),
                cause: source,
            },
            PendingError::Snapshot(e) => Error::Snapshot {
                message: e.to_string(),
            },
            PendingError::TooLong { .. }
            | PendingError::Unkept { .. }
            | PendingError::StandIn { .. } => Error::Snapshot {
                message: e.to_string(),
            },
        }
    }
}

impl From<AcceptError> for Error {
    fn from(e: AcceptError) -> Self {
        match e {
            AcceptError::Pending(e) => e.into(),
            AcceptError::NeedsReason { .. } => Error::Usage {
                message: e.to_string(),
                help: None,
            },
        }
    }
}

impl From<Diagnostics> for Error {
    fn from(all: Diagnostics) -> Self {
        let findings = all
            .items
            .into_iter()
            .map(|d| {
                let source = d.place.and_then(|p| all.sources.get(p.source));
                Finding {
                    diagnostic_line: match d.place {
                        Some(p) => format!("{}:{}:{}: {}", d.file, p.line, p.column, d.message),
                        None => d.message,
                    },
                    code: d.code,
                    help: d.help,
                    source_text: source.map(|s| NamedSource::new(&s.name, s.text.clone())),
                    span: d.place.map_or((0, 0).into(), |p| {
                        (p.start, p.end.saturating_sub(p.start)).into()
                    }),
                }
            })
            .collect();
        Error::Config { findings }
    }
}

/// The errors of `cargo dwsim`.
#[derive(Debug, Error, Diagnostic)]
pub enum Error {
    /// No dwsim.toml here or above.
    #[error("there is no dwsim.toml in {} or above it", dir.display())]
    #[diagnostic(
        code(dwsim::config::missing),
        help("`cargo dwsim init` writes one; `-C DIR` starts elsewhere")
    )]
    NoProject {
        /// Where the search began.
        dir: PathBuf,
    },
    /// dwsim.toml or another layer is invalid.
    #[error("the configuration is invalid")]
    #[diagnostic(code(dwsim::config::invalid))]
    Config {
        /// Each fault with its place.
        #[related]
        findings: Vec<Finding>,
    },
    /// A text of DDL that is not imported.
    #[error("nothing was imported")]
    #[diagnostic(code(dwsim::import::refused))]
    Import {
        /// Each fault with its place.
        #[related]
        findings: Vec<Finding>,
    },
    /// A value of the command line or of the environment that is no configuration file's.
    #[error("{message}")]
    #[diagnostic(code(dwsim::config::value))]
    Value {
        /// What is wrong with it.
        message: String,
        /// What to do.
        #[help]
        help: Option<String>,
    },
    /// Options that exclude or need one another in a way that clap cannot say.
    #[error("{message}")]
    #[diagnostic(code(dwsim::usage))]
    Usage {
        /// What is wrong.
        message: String,
        /// What to do.
        #[help]
        help: Option<String>,
    },
    /// The data cannot be generated.
    #[error("{message}")]
    #[diagnostic(code(dwsim::schema::generate))]
    Generate {
        /// The generator's own words.
        message: String,
    },
    /// A port that was asked for is taken.
    #[error("cannot listen on 127.0.0.1:{port} for {service}: {cause}")]
    #[diagnostic(
        code(dwsim::emulator::port),
        help(
            "another process has port {port}; choose another with {flag} PORT, or {flag} 0 for any free one"
        )
    )]
    Port {
        /// Which server.
        service: &'static str,
        /// The flag that sets the port.
        flag: &'static str,
        /// The port.
        port: u16,
        /// The system's words: a part of the message, which would otherwise be printed once more below it.
        cause: std::io::Error,
    },
    /// An emulator failed to start or to go on.
    #[error("{message}")]
    #[diagnostic(code(dwsim::emulator::failed))]
    Emulator {
        /// What happened.
        message: String,
        /// What to do.
        #[help]
        help: Option<String>,
    },
    /// Loading the template failed.
    #[error("loading the data: {message}")]
    #[diagnostic(code(dwsim::emulator::load))]
    Load {
        /// The server's words, with dialect and code.
        message: String,
    },
    /// The control plane refused.
    #[error("{message}")]
    #[diagnostic(code(dwsim::control))]
    Control {
        /// Its words.
        message: String,
        /// The exit code that fits.
        code: i32,
    },
    /// A statement of `sql` failed.
    #[error("{dialect}: {message}")]
    #[diagnostic(code(dwsim::sql::failed))]
    Sql {
        /// The dialect.
        dialect: &'static str,
        /// The server's words, with its code.
        message: String,
        /// The text, where it is known which part of it the server means.
        #[source_code]
        source_code: NamedSource<String>,
        /// The place.
        #[label("here")]
        span: Option<SourceSpan>,
    },
    /// What `--target` names does not exist here.
    #[error("{message}")]
    #[diagnostic(code(dwsim::target::missing))]
    Target {
        /// What is missing.
        message: String,
        /// What to do.
        #[help]
        help: Option<String>,
    },
    /// The file system.
    #[error("{what}: {cause}")]
    #[diagnostic(code(dwsim::io))]
    Io {
        /// What was being done, with the path.
        what: String,
        /// The system's words: a part of the message, which would otherwise be printed once more below it.
        cause: std::io::Error,
    },
    /// A SQL test's file is wrong: its front matter, an unterminated literal, two files for one test.
    #[error("{message}")]
    #[diagnostic(code(dwsim::test::file))]
    TestFile {
        /// `path:line: what is wrong`.
        message: String,
    },
    /// A .snap file, or a pending one, cannot be read or written.
    #[error("{message}")]
    #[diagnostic(code(dwsim::snapshot::file))]
    Snapshot {
        /// The runtime's words, with file and line.
        message: String,
    },
    /// The project's Rust tests do not compile; cargo has said why.
    #[error("the project's Rust tests do not build")]
    #[diagnostic(code(dwsim::runner::build), help("`--no-rust` leaves them out"))]
    Build {
        /// cargo's exit code.
        code: i32,
    },
    /// cargo or nextest cannot be run.
    #[error("cannot run {program}: {cause}")]
    #[diagnostic(code(dwsim::runner))]
    Runner {
        /// The program.
        program: String,
        /// The system's words: a part of the message, which would otherwise be printed once more below it.
        cause: std::io::Error,
    },
    /// Ctrl-C or SIGTERM.
    #[error("interrupted")]
    #[diagnostic(code(dwsim::interrupted))]
    Interrupted,
    /// A fault of dwsim itself.
    #[error("{0}")]
    #[diagnostic(
        code(dwsim::internal),
        help("this is a fault of dwsim; please report it")
    )]
    Internal(String),
}

impl Error {
    /// The exit code that scripts see.
    pub fn exit_code(&self) -> i32 {
        match self {
            Error::NoProject { .. }
            | Error::Config { .. }
            | Error::Value { .. }
            | Error::Snapshot { .. }
            | Error::TestFile { .. } => exit::CONFIG,
            Error::Usage { .. } => exit::USAGE,
            Error::Generate { .. } | Error::Import { .. } => exit::SCHEMA,
            Error::Port { .. } | Error::Emulator { .. } | Error::Load { .. } => exit::EMULATOR,
            Error::Sql { .. } => exit::SQL,
            Error::Target { .. } => exit::TARGET,
            Error::Build { code } | Error::Control { code, .. } => *code,
            Error::Interrupted => exit::INTERRUPTED,
            Error::Io { .. } | Error::Runner { .. } | Error::Internal(_) => exit::INTERNAL,
        }
    }

    /// For `map_err`: an I/O error with what was being done.
    pub fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Error {
        let what = what.into();
        move |cause| Error::Io { what, cause }
    }
}

/// Sets up how reports are drawn: always the graphical form, so that a place reads `[file:line:column]`
/// in a terminal and in a log alike; anstream takes the colours out where they are not wanted.
pub fn install_reports() {
    // Fails only when a hook is there already, which then serves as well.
    let _ = miette::set_hook(Box::new(|_| {
        Box::new(
            miette::MietteHandlerOpts::new()
                .force_graphical(true)
                .color(true)
                .terminal_links(false)
                .unicode(true)
                .width(120)
                .build(),
        )
    }));
}

/// Draws an error on stderr.
pub fn report(error: Error) {
    anstream::eprintln!("{:?}", miette::Report::new(error));
}
