//! A call's result.

use super::Ctx;
use crate::params::Params;
use crate::schema;

/// The first parameter of a system call's exit event; generic events carry none. What is not known counts as 0.
pub fn value(ctx: &Ctx<'_>) -> Option<i64> {
    let info = schema::event(ctx.event.id).filter(|info| info.is_syscall() && info.id != schema::GENERIC)?;
    if ctx.event.result_unknown() {
        return Some(0);
    }
    let wide = matches!(ctx.event.param(0)?.len(), 4 | 8);
    (wide && !info.params.is_empty()).then(|| ctx.event.int(0)).flatten()
}

pub fn failed(ctx: &Ctx<'_>) -> Option<bool> {
    value(ctx).map(|value| value < 0)
}
