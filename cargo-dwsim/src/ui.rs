//! What people see on stderr: coloured status lines, progress bars, numbers made readable.
//! Data goes to stdout and is the commands' own business.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use owo_colors::{OwoColorize, Style};

use crate::cli::{ColorWhen, GlobalArgs};

/// How talkative and how colourful this run is.
#[derive(Debug, Clone)]
pub struct Ui {
    quiet: bool,
    bars: MultiProgress,
}

/// The words at the start of a status line are right-aligned to this width, as cargo's are.
const LABEL: usize = 12;

impl Ui {
    /// Decides once, for both streams: `--color` or `CARGO_TERM_COLOR` where it says always or never,
    /// `NO_COLOR`, else whether the stream is a terminal.
    pub fn new(global: &GlobalArgs) -> Self {
        match global.color {
            ColorWhen::Always => anstream::ColorChoice::Always.write_global(),
            ColorWhen::Never => anstream::ColorChoice::Never.write_global(),
            ColorWhen::Auto => {}
        }
        let draws = std::io::stderr().is_terminal() && !global.quiet;
        let target = if draws {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        Ui {
            quiet: global.quiet,
            bars: MultiProgress::with_draw_target(target),
        }
    }

    /// The same without a word but errors, and without bars, for while the terminal belongs to something else.
    pub fn quiet(&self) -> Self {
        Ui {
            quiet: true,
            bars: MultiProgress::with_draw_target(ProgressDrawTarget::hidden()),
        }
    }

    /// A status line in cargo's manner: a bold green word, then the text.
    pub fn status(&self, label: &str, text: impl std::fmt::Display) {
        self.line(label, Style::new().green().bold(), text);
    }

    /// A status line that warns.
    pub fn warn(&self, label: &str, text: impl std::fmt::Display) {
        self.line(label, Style::new().yellow().bold(), text);
    }

    /// A status line of something that failed; shown even when quiet.
    pub fn fail(&self, label: &str, text: impl std::fmt::Display) {
        self.print(format_args!(
            "{:>LABEL$} {text}",
            label.style(Style::new().red().bold())
        ));
    }

    /// A line of a difference or of an error's text, indented, in the colour of its sign; shown even when quiet.
    pub fn fail_text(&self, line: &str) {
        self.print(format_args!("    {}", coloured(line)));
    }

    /// Plain text on stderr, as it stands.
    pub fn note(&self, text: impl std::fmt::Display) {
        if !self.quiet {
            self.print(format_args!("{text}"));
        }
    }

    fn line(&self, label: &str, style: Style, text: impl std::fmt::Display) {
        if !self.quiet {
            self.print(format_args!("{:>LABEL$} {text}", label.style(style)));
        }
    }

    fn print(&self, text: std::fmt::Arguments<'_>) {
        self.bars.suspend(|| anstream::eprintln!("{text}"));
    }

    /// A bar of `rows` rows; hidden where stderr is no terminal.
    pub fn rows_bar(&self, name: &str, rows: u64) -> ProgressBar {
        let bar = self.bars.add(ProgressBar::new(rows));
        if let Ok(style) = ProgressStyle::with_template(
            "{prefix:>12} [{bar:30}] {human_pos}/{human_len} rows {per_sec} {msg} {eta}",
        ) {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_prefix(name.to_owned());
        bar
    }
}

/// A line of a diff in its colour: what is removed red, what is added green.
pub fn coloured(line: &str) -> String {
    match line.trim_start().as_bytes().first() {
        Some(b'-') => line.red().to_string(),
        Some(b'+') => line.green().to_string(),
        Some(b'@') => line.cyan().to_string(),
        _ => line.to_owned(),
    }
}

/// `1234567` as `1 234 567`.
pub fn thousands(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(' ');
        }
        out.push(digit);
    }
    out
}

/// `1.2 MB`.
pub fn bytes(n: u64) -> String {
    match n {
        0..1_000 => format!("{n} B"),
        1_000..1_000_000 => format!("{:.1} kB", n as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", n as f64 / 1e6),
        _ => format!("{:.1} GB", n as f64 / 1e9),
    }
}

/// A duration with three decimals of a second, as nextest shows it.
pub fn seconds(d: Duration) -> String {
    format!("{:.3}s", d.as_secs_f64())
}

/// `one test`, `3 tests`.
pub fn count(n: usize, one: &str) -> String {
    if n == 1 {
        format!("1 {one}")
    } else {
        format!("{} {one}s", thousands(n as u64))
    }
}

#[cfg(test)]
mod tests {
    use super::{count, thousands};

    #[test]
    fn numbers_are_grouped() {
        for (n, text) in [
            (0, "0"),
            (999, "999"),
            (1000, "1 000"),
            (50_000, "50 000"),
            (1_234_567, "1 234 567"),
        ] {
            assert_eq!(thousands(n), text);
        }
    }

    #[test]
    fn counts_have_their_plural() {
        assert_eq!(count(1, "test"), "1 test");
        assert_eq!(count(1200, "row"), "1 200 rows");
    }
}
