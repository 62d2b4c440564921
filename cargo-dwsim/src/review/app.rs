//! The review's state and its keys: which proposal is shown, what a key does to it.
//! Drawing is `screen`'s part, asking the kept fork `fork`'s.

use std::collections::BTreeSet;
use std::io::Write;
use std::process::Command;
use std::time::Duration;

use dwsim_runtime::snapshot::{InlineSite, PendingStore, Proposal};
use dwsim_runtime::{Dialect, Project};
use ratatui::termion::event::Key;
use ratatui::termion::input::TermRead;

use super::describe::{self, Tone, ToneLine};
use super::fork::KeptFork;
use super::screen::{Screen, View};
use crate::context::Context;
use crate::error::{Error, Result};

/// What came of a review.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Done {
    /// Snapshots written.
    pub accepted: usize,
    /// Pending results thrown away.
    pub rejected: usize,
    /// Proposals that are still there.
    pub left: usize,
}

/// What the keys go to.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Mode {
    Browse,
    /// Typing the reason of a divergence.
    Reason(String),
    /// Typing SQL for the kept fork.
    Query(String),
}

struct App<'a> {
    ctx: &'a Context,
    project: &'a Project,
    store: PendingStore,
    wanted: Box<dyn Fn(&Proposal) -> bool + 'a>,
    proposals: Vec<Proposal>,
    skipped: BTreeSet<String>,
    index: usize,
    scroll: u16,
    mode: Mode,
    message: String,
    /// The kept fork of the proposal that is shown, and its last answers.
    fork: Option<(String, KeptFork)>,
    answers: Option<[Vec<ToneLine>; 2]>,
    done: Done,
}

/// Reviews what is pending in a store, as far as `wanted`, in the terminal.
pub fn review(
    ctx: &Context,
    project: &Project,
    store: PendingStore,
    wanted: impl Fn(&Proposal) -> bool,
) -> Result<Done> {
    let mut app = App {
        ctx,
        project,
        store,
        wanted: Box::new(wanted),
        proposals: Vec::new(),
        skipped: BTreeSet::new(),
        index: 0,
        scroll: 0,
        mode: Mode::Browse,
        message: String::new(),
        fork: None,
        answers: None,
        done: Done::default(),
    };
    app.reload()?;
    let mut screen = Screen::open().map_err(Error::io("opening the terminal"))?;
    let mut keys = ratatui::termion::async_stdin().keys();
    let mut size = (0, 0);
    let mut dirty = true;
    let result = loop {
        if app.proposals.is_empty() {
            break Ok(());
        }
        let now = ratatui::termion::terminal_size().unwrap_or(size);
        if dirty || now != size {
            size = now;
            if let Err(e) = screen.draw(&app.view()) {
                break Err(Error::io("drawing")(e));
            }
            dirty = false;
        }
        match keys.next() {
            None => std::thread::sleep(Duration::from_millis(20)),
            Some(Err(e)) => break Err(Error::io("reading the terminal")(e)),
            Some(Ok(key)) => {
                dirty = true;
                match app.key(key, &mut screen) {
                    Ok(true) => {}
                    Ok(false) => break Ok(()),
                    // the review goes on: nothing is lost by a proposal that cannot be taken now
                    Err(error) => app.message = error.to_string(),
                }
            }
        }
    };
    drop(screen);
    if let Some((_, fork)) = app.fork.take() {
        fork.close();
    }
    result?;
    app.done.left = app.proposals.len();
    Ok(app.done)
}

impl App<'_> {
    fn reload(&mut self) -> Result<()> {
        let all = self.store.list()?;
        self.proposals = all.into_iter().filter(|p| (self.wanted)(p)).collect();
        self.index = self.index.min(self.proposals.len().saturating_sub(1));
        Ok(())
    }

    /// The next proposal that was not skipped, from the one that is shown.
    fn forward(&mut self) {
        let count = self.proposals.len();
        let next = (0..count)
            .map(|step| (self.index + step) % count)
            .find(|i| !self.skipped.contains(&self.proposals[*i].snapshot));
        if let Some(next) = next {
            self.show(next);
        }
    }

    fn show(&mut self, index: usize) {
        self.index = index;
        self.scroll = 0;
        self.answers = None;
        let snapshot = self.proposals.get(index).map(|p| p.snapshot.clone());
        if let Some((of, _)) = &self.fork
            && Some(of) != snapshot.as_ref()
            && let Some((_, fork)) = self.fork.take()
        {
            fork.close();
        }
    }

    /// What a key does; false at the end.
    fn key(&mut self, key: Key, screen: &mut Screen) -> Result<bool> {
        match std::mem::replace(&mut self.mode, Mode::Browse) {
            Mode::Browse => self.browse(key, screen),
            Mode::Reason(text) => self.reason(text, key),
            Mode::Query(text) => self.query(text, key, screen),
        }
    }

    fn browse(&mut self, key: Key, screen: &mut Screen) -> Result<bool> {
        self.message.clear();
        let Some(proposal) = self.proposals.get(self.index).cloned() else {
            return Ok(false);
        };
        match key {
            Key::Char('q') | Key::Esc | Key::Ctrl('c') => return Ok(false),
            Key::Char('a') if proposal.needs_reason() => {
                self.message =
                    "the dialects differ: `d` accepts that with a reason, `r` rejects".into();
            }
            Key::Char('a') => {
                self.store.accept(&proposal, None)?;
                self.done.accepted += 1;
                self.message = format!("accepted {}", proposal.snapshot);
                self.reload()?;
                self.show(self.index);
            }
            Key::Char('d') if proposal.proposed.diverges() => {
                self.mode = Mode::Reason(proposal.proposed.reason.clone().unwrap_or_default());
            }
            Key::Char('d') => self.message = "the dialects agree: `a` accepts".into(),
            Key::Char('r') => {
                self.store.reject(&proposal)?;
                self.done.rejected += 1;
                self.message = format!("rejected {}", proposal.snapshot);
                self.reload()?;
                self.show(self.index);
            }
            Key::Char('s') => {
                self.skipped.insert(proposal.snapshot);
                if self
                    .proposals
                    .iter()
                    .all(|p| self.skipped.contains(&p.snapshot))
                {
                    return Ok(false);
                }
                self.forward();
            }
            Key::Char('n') | Key::Right if self.index + 1 < self.proposals.len() => {
                self.show(self.index + 1);
            }
            Key::Char('p') | Key::Left if self.index > 0 => self.show(self.index - 1),
            Key::Down | Key::Char('j') => self.scroll = self.scroll.saturating_add(1),
            Key::Up | Key::Char('k') => self.scroll = self.scroll.saturating_sub(1),
            Key::PageDown | Key::Char(' ') => self.scroll = self.scroll.saturating_add(20),
            Key::PageUp => self.scroll = self.scroll.saturating_sub(20),
            Key::Home => self.scroll = 0,
            Key::Char('o') => self.open(&proposal, screen)?,
            Key::Char('f') => self.mode = Mode::Query(String::new()),
            _ => {}
        }
        Ok(true)
    }

    fn reason(&mut self, mut text: String, key: Key) -> Result<bool> {
        match key {
            Key::Char('\n') if text.trim().is_empty() => {
                self.message = "a divergence needs a reason".into();
                self.mode = Mode::Reason(text);
            }
            Key::Char('\n') => {
                if let Some(proposal) = self.proposals.get(self.index).cloned() {
                    self.store.accept(&proposal, Some(text.trim()))?;
                    self.done.accepted += 1;
                    self.message = format!("accepted {} as a divergence", proposal.snapshot);
                    self.reload()?;
                    self.show(self.index);
                }
            }
            Key::Esc | Key::Ctrl('c') => {}
            key => {
                edit(&mut text, key);
                self.mode = Mode::Reason(text);
            }
        }
        Ok(true)
    }

    fn query(&mut self, mut text: String, key: Key, screen: &mut Screen) -> Result<bool> {
        match key {
            Key::Char('\n') if text.trim().is_empty() => {}
            Key::Char('\n') => {
                let Some(snapshot) = self.proposals.get(self.index).map(|p| p.snapshot.clone())
                else {
                    return Ok(true);
                };
                if self.fork.is_none() {
                    self.message = "making a fork of the test's database …".into();
                    screen.draw(&self.view()).map_err(Error::io("drawing"))?;
                    let fork = KeptFork::open(self.ctx, self.project, &snapshot)?;
                    self.fork = Some((snapshot, fork));
                    self.message.clear();
                }
                if let Some((_, fork)) = &mut self.fork {
                    let answers = fork.query(&text);
                    let side = |dialect| match answers.get(&dialect) {
                        Some(Ok(answer)) => describe::answer(answer)
                            .into_iter()
                            .map(|line| (Tone::Same, line))
                            .collect(),
                        Some(Err(message)) => vec![(Tone::Old, message.clone())],
                        None => vec![(Tone::Same, "(not asked)".into())],
                    };
                    self.answers = Some([side(Dialect::Redshift), side(Dialect::Snowflake)]);
                    self.scroll = 0;
                }
                self.mode = Mode::Query(text);
            }
            Key::Esc | Key::Ctrl('c') => self.answers = None,
            Key::Down => {
                self.scroll = self.scroll.saturating_add(1);
                self.mode = Mode::Query(text);
            }
            Key::Up => {
                self.scroll = self.scroll.saturating_sub(1);
                self.mode = Mode::Query(text);
            }
            key => {
                edit(&mut text, key);
                self.mode = Mode::Query(text);
            }
        }
        Ok(true)
    }

    /// The test's file in the user's editor.
    fn open(&mut self, proposal: &Proposal, screen: &mut Screen) -> Result<()> {
        let editor = ["VISUAL", "EDITOR"]
            .iter()
            .find_map(|name| std::env::var(name).ok().filter(|e| !e.trim().is_empty()))
            .unwrap_or_else(|| "vi".into());
        let path = self.project.root.join(source_file(proposal));
        screen
            .suspend(|| {
                // the variable may hold arguments
                let mut words = editor.split_whitespace();
                let program = words.next().unwrap_or("vi");
                std::io::stdout().flush()?;
                Command::new(program)
                    .args(words)
                    .arg(&path)
                    .status()
                    .map(|_| ())
            })
            .map_err(Error::io(format!("opening {} in {editor}", path.display())))
    }

    fn view(&self) -> View<'_> {
        let proposal = self.proposals.get(self.index);
        let state = proposal.map_or("", |p| {
            if p.needs_reason() {
                "the dialects differ, and no reason is given"
            } else if p.current.is_none() {
                "new"
            } else {
                "changed"
            }
        });
        let diverges = proposal.filter(|p| p.proposed.diverges());
        let sides = match &self.answers {
            Some(answers) => answers.clone(),
            None => proposal.map_or_else(Default::default, |p| {
                Dialect::ALL.map(|dialect| {
                    let mut lines = describe::lines(p, dialect);
                    if let Some(divergence) = describe::divergence(p) {
                        let own = match dialect {
                            Dialect::Redshift => &divergence[0],
                            Dialect::Snowflake => &divergence[1],
                        };
                        lines.push((Tone::Same, String::new()));
                        lines.push((Tone::Head, "where the dialects differ".into()));
                        lines.extend(own.iter().cloned());
                    }
                    lines
                })
            }),
        };
        let prompt = match &self.mode {
            Mode::Browse => None,
            Mode::Reason(text) => Some(("why do the dialects differ? ", text.as_str())),
            Mode::Query(text) => Some(("SQL for the test's database: ", text.as_str())),
        };
        View {
            title: proposal.map_or("", |p| p.snapshot.as_str()),
            state,
            position: (self.index + 1, self.proposals.len()),
            reason: diverges.and_then(|p| p.proposed.reason.as_deref()),
            sides,
            scroll: self.scroll,
            prompt,
            message: &self.message,
            can_accept: proposal.is_some_and(|p| !p.needs_reason()),
            can_diverge: diverges.is_some(),
        }
    }
}

/// The file of the test that a proposal is of.
fn source_file(proposal: &Proposal) -> String {
    if let Some(site) = InlineSite::of(&proposal.snapshot) {
        return site.file;
    }
    let source = &proposal.proposed.source;
    let file = source
        .split_once("::")
        .map_or(source.as_str(), |(file, _)| file);
    // a pair of files is written `x.{redshift,snowflake}.sql`
    file.replace("{redshift,snowflake}", "redshift")
}

fn edit(text: &mut String, key: Key) {
    match key {
        Key::Char(c) if !c.is_control() => text.push(c),
        Key::Backspace => {
            text.pop();
        }
        Key::Ctrl('u') => text.clear(),
        _ => {}
    }
}
