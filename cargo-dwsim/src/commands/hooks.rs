//! `hooks install`: Git hooks that check what is committed and test what is pushed, without any other tool.
//! Projects that use pre-commit name the hooks of `.pre-commit-hooks.yaml` instead.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::context::Context;
use crate::error::{Error, Result};
use crate::exit;

/// Arguments of `hooks`.
#[derive(Debug, clap::Args)]
pub struct HooksArgs {
    #[command(subcommand)]
    command: HooksCommand,
}

/// What to do with the hooks.
#[derive(Debug, clap::Subcommand)]
enum HooksCommand {
    /// Write pre-commit and pre-push into the repository's hooks folder
    Install {
        /// Replace hooks that are there and were not written by dwsim
        #[arg(long)]
        force: bool,
    },
    /// Remove the hooks that `install` wrote
    Uninstall,
}

/// What every hook of ours has in it.
const MARK: &str = "# written by `cargo dwsim hooks install`";

const HOOKS: &[(&str, &str)] = &[
    (
        "pre-commit",
        "cargo dwsim check --staged\ncargo dwsim snapshots check --staged\n",
    ),
    ("pre-push", "cargo dwsim test --affected --check\n"),
];

/// Does it.
pub fn run(ctx: &Context, args: &HooksArgs) -> Result<i32> {
    let project = ctx.project()?;
    let folder = hooks_folder(&project.root)?;
    match args.command {
        HooksCommand::Install { force } => install(ctx, &project.root, &folder, force),
        HooksCommand::Uninstall => uninstall(ctx, &folder),
    }
}

fn install(ctx: &Context, root: &Path, folder: &Path, force: bool) -> Result<i32> {
    std::fs::create_dir_all(folder).map_err(Error::io(format!("creating {}", folder.display())))?;
    let inside = git(root, &["rev-parse", "--show-prefix"])?;
    let mut kept = Vec::new();
    for (name, commands) in HOOKS {
        let path = folder.join(name);
        let there = std::fs::read_to_string(&path).unwrap_or_default();
        if path.exists() && !there.contains(MARK) && !force {
            kept.push((*name, *commands));
            continue;
        }
        write_executable(&path, &script(&inside, commands))?;
        ctx.ui.status("Installed", path.display());
    }
    if kept.is_empty() {
        return Ok(exit::OK);
    }
    for (name, commands) in &kept {
        ctx.ui.warn(
            "Kept",
            format_args!(
                "{}, which is not dwsim's; add to it:",
                folder.join(name).display()
            ),
        );
        ctx.ui.note(commands);
    }
    ctx.ui.note("`--force` replaces them.");
    Ok(exit::USAGE)
}

/// Git runs hooks at the top of the working tree, whose dwsim.toml may lie below.
fn script(inside: &str, commands: &str) -> String {
    let change = match inside {
        "" => String::new(),
        folder => format!("cd '{}'\n", folder.replace('\'', "'\\''")),
    };
    // Git's own variables would point commands in other repositories at this one
    format!("#!/bin/sh\n{MARK}\nset -e\n{change}{commands}")
}

fn uninstall(ctx: &Context, folder: &Path) -> Result<i32> {
    for (name, _) in HOOKS {
        let path = folder.join(name);
        let there = std::fs::read_to_string(&path).unwrap_or_default();
        if there.contains(MARK) {
            std::fs::remove_file(&path)
                .map_err(Error::io(format!("removing {}", path.display())))?;
            ctx.ui.status("Removed", path.display());
        }
    }
    Ok(exit::OK)
}

fn write_executable(path: &Path, text: &str) -> Result<()> {
    let failed = || Error::io(format!("writing {}", path.display()));
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(failed())?;
    file.write_all(text.as_bytes()).map_err(failed())?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::Permissions::from_mode(0o755);
        file.as_file().set_permissions(mode).map_err(failed())?;
    }
    file.persist(path).map_err(|e| failed()(e.error))?;
    Ok(())
}

/// Where Git looks for hooks; `core.hooksPath` and worktrees are Git's to know.
fn hooks_folder(root: &Path) -> Result<PathBuf> {
    git(root, &["rev-parse", "--git-path", "hooks"]).map(|path| root.join(path))
}

fn git(root: &Path, arguments: &[&str]) -> Result<String> {
    let output = Command::new("git")
        .args(arguments)
        .current_dir(root)
        .output()
        .map_err(|cause| Error::Runner {
            program: "git".into(),
            cause,
        })?;
    if !output.status.success() {
        let words = String::from_utf8_lossy(&output.stderr);
        return Err(Error::Usage {
            message: format!("git: {}", words.trim()),
            help: Some("hooks are installed into a Git repository".into()),
        });
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
