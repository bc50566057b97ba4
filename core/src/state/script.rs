//! The file that a process's program was started to interpret: a script with `#!`, or what binfmt_misc has a program for.

use bumpalo::Bump;

use super::process::{Image, Text, text};
use crate::fields::paths;
use crate::params::Strings;

/// Arguments behind argv\[0\] that may be the script: an interpreter's options come before it.
const PLACES: usize = 4;

/// Bytes of a file's name that a short command name has.
const COMM: usize = 15;

/// `path` as the process sees it; nothing where it is not known.
pub fn absolute(path: &[u8], cwd: &[u8]) -> Text {
    if path.is_empty() { Text::default() } else { text(paths::join(cwd, path, &Bump::new())) }
}

/// The script of the image before, if that was env's and the new one has it among its arguments: `#!/usr/bin/env sh`.
pub fn handed_on(before: &Image, args: &[u8], cwd: &[u8]) -> Text {
    let (script, arena) = (&before.script, Bump::new());
    if paths::filename(before.exe()) != b"env" {
        return Text::default();
    }
    let same = |arg: &[u8]| !arg.is_empty() && paths::join(cwd, arg, &arena) == &**script;
    if !script.is_empty() && Strings::new(args).take(PLACES).any(same) { script.clone() } else { Text::default() }
}

/// Where the kernel has not told: a process goes by its script's name, not by its program's, and has the script among
/// its arguments.
pub fn guessed(comm: &[u8], exepath: &[u8], args: &[u8], cwd: &[u8]) -> Text {
    let goes_by_it = |path: &[u8]| path.rsplit(|b| *b == b'/').next().is_some_and(|name| cut(name) == cut(comm));
    let script = Strings::new(args).take(PLACES).find(|arg| arg.contains(&b'/') && goes_by_it(arg));
    script.filter(|_| !goes_by_it(exepath)).map_or_else(Text::default, |script| absolute(script, cwd))
}

fn cut(name: &[u8]) -> &[u8] {
    name.get(..COMM).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::process::ImageParts;

    #[test]
    fn a_script_is_told_from_an_argument() {
        let guess = |comm: &str, exepath: &str, args: &str| {
            let found = guessed(comm.as_bytes(), exepath.as_bytes(), args.replace(' ', "\0").as_bytes(), b"/srv/");
            String::from_utf8(found.to_vec()).unwrap()
        };
        assert_eq!(guess("run.sh", "/usr/bin/dash", "-e ./run.sh one"), "/srv/run.sh");
        assert_eq!(
            guess("a-very-long-nam", "/usr/bin/python3.13", "/opt/a-very-long-name.py"),
            "/opt/a-very-long-name.py"
        );
        assert_eq!(guess("ls", "/usr/bin/ls", "/usr/bin/ls"), "", "a program that looks at itself");
        assert_eq!(guess("sh", "/usr/bin/dash", "/opt/run.sh"), "", "an argument of the shell");
        assert_eq!(guess("run.sh", "/usr/bin/dash", "run.sh"), "", "no path");
        assert_eq!(guess("run.sh", "/usr/bin/dash", "a b c d /run.sh"), "", "an argument of the script");
    }

    #[test]
    fn a_script_that_env_hands_on_stays() {
        let started_by =
            |exe| Image::new(ImageParts { exe, script: b"/srv/run.py"[..].into(), ..ImageParts::default() });
        let before = started_by(b"/usr/bin/env");
        let after = |args: &[u8]| handed_on(&before, args, b"/srv/").to_vec();
        assert_eq!(after(b"-u\0./run.py\0"), b"/srv/run.py");
        assert_eq!(after(b"/other/run.py\0"), b"");
        assert_eq!(&*handed_on(&started_by(b"/bin/sh"), b"/srv/run.py\0", b"/"), b"", "a script that shows itself");
        assert_eq!(&*handed_on(&Image::default(), b"\0", b""), b"");
    }
}
