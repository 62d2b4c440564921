//! Draws the review with ratatui: a title, the two dialects beside one another, a line of keys or a prompt.
//! What is shown is decided by `app`.

use std::io::{self, Stdout};

use ratatui::Terminal;
use ratatui::backend::TermionBackend;
use ratatui::layout::{Constraint, Layout};
use ratatui::style::{Color, Modifier, Style};
use ratatui::termion::raw::{IntoRawMode, RawTerminal};
use ratatui::termion::screen::{AlternateScreen, IntoAlternateScreen};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Borders, Paragraph};

use super::describe::{Tone, ToneLine};

/// What is to be seen.
#[derive(Debug)]
pub struct View<'a> {
    /// The snapshot.
    pub title: &'a str,
    /// New, changed, or diverging.
    pub state: &'a str,
    /// Which of how many.
    pub position: (usize, usize),
    /// The reason of a divergence that has one.
    pub reason: Option<&'a str>,
    /// Redshift's lines, and Snowflake's.
    pub sides: [Vec<ToneLine>; 2],
    /// Lines that are scrolled past.
    pub scroll: u16,
    /// A question and what is typed.
    pub prompt: Option<(&'a str, &'a str)>,
    /// What happened last.
    pub message: &'a str,
    /// Whether `a` does something.
    pub can_accept: bool,
    /// Whether `d` does something.
    pub can_diverge: bool,
}

type Raw = AlternateScreen<RawTerminal<Stdout>>;

/// The terminal in raw mode on its other screen; as it was when this is dropped.
pub struct Screen {
    terminal: Option<Terminal<TermionBackend<Raw>>>,
}

impl Screen {
    /// Takes the terminal.
    pub fn open() -> io::Result<Self> {
        let mut screen = Screen { terminal: None };
        screen.take()?;
        Ok(screen)
    }

    fn take(&mut self) -> io::Result<()> {
        let raw = io::stdout().into_raw_mode()?.into_alternate_screen()?;
        let mut terminal = Terminal::new(TermionBackend::new(raw))?;
        terminal.hide_cursor()?;
        terminal.clear()?;
        self.terminal = Some(terminal);
        Ok(())
    }

    fn give_back(&mut self) {
        if let Some(mut terminal) = self.terminal.take() {
            // dropping it leaves the other screen and raw mode
            let _ = terminal.show_cursor();
        }
    }

    /// Gives the terminal to another program for as long as it runs.
    pub fn suspend(&mut self, run: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
        self.give_back();
        let result = run();
        self.take()?;
        result
    }

    /// Draws.
    pub fn draw(&mut self, view: &View<'_>) -> io::Result<()> {
        if let Some(terminal) = &mut self.terminal {
            terminal.draw(|frame| {
                let rows = Layout::vertical([
                    Constraint::Length(if view.reason.is_some() { 2 } else { 1 }),
                    Constraint::Min(3),
                    Constraint::Length(2),
                ])
                .split(frame.area());
                frame.render_widget(Paragraph::new(head(view)), rows[0]);
                let columns =
                    Layout::horizontal([Constraint::Percentage(50), Constraint::Percentage(50)])
                        .split(rows[1]);
                for ((name, lines), area) in ["redshift", "snowflake"]
                    .iter()
                    .zip(&view.sides)
                    .zip(columns.iter())
                {
                    let block = Block::default().borders(Borders::ALL).title(*name);
                    // no line beyond the last can be scrolled to
                    let height = usize::from(area.height.saturating_sub(2));
                    let longest = view.sides.iter().map(Vec::len).max().unwrap_or(0);
                    let most = longest.saturating_sub(height);
                    let scroll = view.scroll.min(u16::try_from(most).unwrap_or(u16::MAX));
                    let lines: Vec<Line<'_>> = lines.iter().map(line).collect();
                    let text = Paragraph::new(lines).block(block).scroll((scroll, 0));
                    frame.render_widget(text, *area);
                }
                frame.render_widget(Paragraph::new(foot(view)), rows[2]);
            })?;
        }
        Ok(())
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.give_back();
    }
}

fn head<'a>(view: &'a View<'_>) -> Vec<Line<'a>> {
    let bold = Style::default().add_modifier(Modifier::BOLD);
    let (at, of) = view.position;
    let mut lines = vec![Line::from(vec![
        Span::raw(format!("[{at}/{of}] ")),
        Span::styled(view.title, bold),
        Span::styled(
            format!("  {}", view.state),
            Style::default().fg(Color::Yellow),
        ),
    ])];
    if let Some(reason) = view.reason {
        lines.push(Line::from(format!("diverges: {reason}")));
    }
    lines
}

fn foot<'a>(view: &'a View<'_>) -> Vec<Line<'a>> {
    if let Some((question, text)) = view.prompt {
        return vec![
            Line::from(vec![
                Span::styled(question, Style::default().fg(Color::Cyan)),
                Span::raw(text),
                Span::styled(" ", Style::default().add_modifier(Modifier::REVERSED)),
            ]),
            Line::from(match view.message {
                "" => "Enter: do it   Esc: back",
                message => message,
            }),
        ];
    }
    let mut keys = Vec::new();
    if view.can_accept {
        keys.push("a accept");
    }
    if view.can_diverge {
        keys.push("d accept as divergence");
    }
    keys.extend([
        "r reject",
        "s skip",
        "n/p next/previous",
        "o open",
        "f query the database",
        "q quit",
    ]);
    vec![
        Line::from(keys.join("   ")),
        Line::from(Span::styled(
            view.message,
            Style::default().fg(Color::Yellow),
        )),
    ]
}

fn line((tone, text): &ToneLine) -> Line<'_> {
    let style = match tone {
        Tone::Head => Style::default().add_modifier(Modifier::BOLD),
        Tone::Same => Style::default(),
        Tone::Old => Style::default().fg(Color::Red),
        Tone::New => Style::default().fg(Color::Green),
    };
    Line::from(Span::styled(text.as_str(), style))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn keys_say_what_can_be_done() {
        let view = View {
            title: "tests/sql/a.snap",
            state: "changed",
            position: (1, 2),
            reason: None,
            sides: Default::default(),
            scroll: 0,
            prompt: None,
            message: "",
            can_accept: false,
            can_diverge: true,
        };
        let keys = foot(&view)[0].to_string();
        assert!(
            keys.contains("d accept as divergence") && !keys.contains("a accept "),
            "{keys}"
        );
        assert!(head(&view).first().unwrap().to_string().contains("[1/2]"));
    }
}
