//! `pmatch`: does one of many paths lead to the value? Compared component by component, with globs.

use hashbrown::HashMap;

use super::glob::Glob;

/// A set of paths as a tree of components.
#[derive(Debug, Default)]
pub struct PrefixTree {
    /// A path of the set ends here: everything below matches.
    end: bool,
    literal: HashMap<Box<[u8]>, PrefixTree>,
    globs: Vec<(Glob, PrefixTree)>,
}

impl PrefixTree {
    pub fn new<'a>(paths: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut root = Self::default();
        for path in paths {
            let mut node = &mut root;
            for component in components(path) {
                node = node.child(component);
            }
            node.end = true;
        }
        root
    }

    /// Whether all components of some path of the set are the leading components of `value`.
    pub fn matches(&self, value: &[u8]) -> bool {
        self.matches_from(components(value))
    }

    fn matches_from<'a>(&self, mut rest: impl Iterator<Item = &'a [u8]> + Clone) -> bool {
        if self.end {
            return true;
        }
        let Some(component) = rest.next() else { return false };
        self.matches_below(component, &rest)
    }

    fn matches_below<'a>(&self, component: &[u8], rest: &(impl Iterator<Item = &'a [u8]> + Clone)) -> bool {
        self.literal.get(component).is_some_and(|child| child.matches_from(rest.clone()))
            || self.globs.iter().any(|(glob, child)| glob.matches(component) && child.matches_from(rest.clone()))
    }

    fn child(&mut self, component: &[u8]) -> &mut Self {
        if !component.iter().any(|b| matches!(b, b'?' | b'*' | b'[')) {
            return self.literal.entry(component.into()).or_default();
        }
        let glob = Glob::new(component, false);
        let at = self.globs.iter().position(|(known, _)| *known == glob).unwrap_or_else(|| {
            self.globs.push((glob, Self::default()));
            self.globs.len() - 1
        });
        &mut self.globs[at].1
    }
}

fn components(path: &[u8]) -> impl Iterator<Item = &[u8]> + Clone {
    path.split(|b| *b == b'/').filter(|c| !c.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(paths: &[&str], value: &str) -> bool {
        PrefixTree::new(paths.iter().map(|p| p.as_bytes())).matches(value.as_bytes())
    }

    #[test]
    fn whole_components_lead() {
        assert!(matches(&["/etc"], "/etc") && matches(&["/etc"], "/etc/a/b") && matches(&["/etc/"], "etc"));
        assert!(!matches(&["/etc"], "/etcetera") && !matches(&["/etc/a"], "/etc") && !matches(&[], "/"));
        assert!(matches(&["/"], "") && matches(&["/"], "/x"), "the root leads everywhere");
        assert!(matches(&["/var//lib"], "/var/lib/x"));
    }

    #[test]
    fn globs_stay_within_their_component_and_literals_do_not_hide_them() {
        assert!(matches(&["/home/*/.ssh"], "/home/eve/.ssh/id") && !matches(&["/home/*/.ssh"], "/home/a/b/.ssh"));
        assert!(matches(&["/a/b/x", "/a/*/y"], "/a/b/y"));
        assert!(matches(&["/a/[bc]?"], "/a/c1/z") && !matches(&["/a/[bc]?"], "/a/d1"));
    }

    #[test]
    fn the_shorter_path_wins() {
        assert!(matches(&["/a/b/c", "/a"], "/a/x"));
    }
}
