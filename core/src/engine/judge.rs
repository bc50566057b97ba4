//! One event before the rules, with the real names that they ask for.

use super::racy::Resolver;
use crate::event::Event;
use crate::fields::{Ctx, PathChoice};
use crate::rules::{Evaluator, Rule};
use crate::state::State;
use bumpalo::Bump;

/// Calls `on_alert` for the rules that match an event which state has taken in. Where only a look at directories tells
/// the real names of the event's paths, they are looked up if a rule could ask for them, if the event is `recorded`, or
/// for the alert; they then are in the event. Without a match nothing is allocated but in the arena.
pub fn judge<'a>(
    event: &mut Event<'a>,
    state: &State,
    evaluator: &mut Evaluator,
    resolver: &mut Resolver,
    arena: &'a Bump,
    recorded: bool,
    mut on_alert: impl FnMut(&Rule, &Ctx<'_>),
) {
    let unnamed = Resolver::applies(event);
    let wanted = recorded || evaluator.asks_for_real_names(event);
    if unnamed && wanted {
        resolver.enrich(event, state, arena);
    }
    let event = &*event;
    evaluator.run(event, state, |rule, choice| {
        if unnamed && !wanted {
            let mut named = event.clone();
            resolver.enrich(&mut named, state, arena);
            on_alert(rule, &context(&named, state, choice, arena));
        } else {
            on_alert(rule, &context(event, state, choice, arena));
        }
    });
}

fn context<'c>(event: &'c Event<'c>, state: &'c State, choice: PathChoice, arena: &'c Bump) -> Ctx<'c> {
    Ctx::new(event, state, choice, arena)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Extension;
    use crate::rules::Plan;
    use crate::state::StateConfig;
    use crate::testing::{Build, task};
    use serde_json::json;

    /// The real name that a rule's alert on `unlink` has, if it comes.
    fn told(field: &str, value: &str, given: &str) -> Option<Vec<u8>> {
        let info = crate::schema::events().iter().find(|info| info.name == "unlink").unwrap();
        let rule =
            json!({"name": "r", "source": "syscall", "priority": 4, "node": 0, "events": [info.id], "output": []});
        let node = json!({"check": {"lhs": {"field": field}, "op": "startswith", "values": [value]}});
        let plan =
            Plan::compile(json!({"format": 1, "nodes": [node], "rules": [rule]}).to_string().as_bytes()).unwrap();
        let (me, state) = (std::process::id(), State::new(StateConfig::default()));
        let built = Build::new("unlink").tid(i64::from(me)).int("res", 0).text("path", given).done();
        let ext = Extension { task: task(me, 1, "rm"), ..Extension::default() };
        let (mut event, arena, mut real) = (built.live(ext), Bump::new(), None);
        let (mut evaluator, mut resolver) = (Evaluator::new(plan), Resolver::default());
        judge(&mut event, &state, &mut evaluator, &mut resolver, &arena, false, |_, ctx| {
            real = ctx.event.ext.as_ref().and_then(|ext| ext.real[0]).map(|item| item.text.to_vec());
        });
        real
    }

    #[test]
    fn alerts_have_real_names_whether_or_not_their_rule_asks_for_them() {
        let folder = std::env::temp_dir().join(format!("yarak-judge-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("real")).unwrap();
        std::os::unix::fs::symlink("real", folder.join("link")).unwrap();
        let (given, real) =
            (folder.join("link/gone"), std::fs::canonicalize(folder.join("real")).unwrap().join("gone"));
        let (given, real) = (given.to_str().unwrap(), real.to_str().unwrap());
        for (field, value) in
            [("fs.path.name", given), ("fs.path.name", real), ("fd.realpath", real), ("evt.type", "unl")]
        {
            assert_eq!(told(field, value, given).as_deref(), Some(real.as_bytes()), "{field} {value}");
        }
        assert_eq!(told("evt.type", "x", given), None);
        std::fs::remove_dir_all(folder).unwrap();
    }
}
