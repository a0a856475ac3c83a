//! What the program says to people and pipes. The standard `println!` panics where its reader has gone or its disk is full,
//! in the midst of work; here the work goes on, and the program ends with a failure.

use std::{
    fmt::Arguments,
    io::{self, ErrorKind, Write},
    sync::atomic::{AtomicBool, Ordering},
};

/// Whether something could not be said on the standard output.
static LOST: AtomicBool = AtomicBool::new(false);

/// Prints a line on the standard output.
macro_rules! say {
    ($($words:tt)*) => { $crate::printing::out(format_args!($($words)*)) };
}

/// Prints a line on the standard error.
macro_rules! note {
    () => { $crate::printing::err(format_args!("\n")) };
    ($($words:tt)*) => { $crate::printing::err(format_args!("{}\n", format_args!($($words)*))) };
}

pub(crate) use {note, say};

/// A line on the standard output; the first that is lost is told on the standard error, unless the reader has gone.
pub fn out(words: Arguments<'_>) {
    let mut output = io::stdout().lock();
    let said = output.write_fmt(words).and_then(|()| output.write_all(b"\n")).and_then(|()| output.flush());
    let Err(error) = said else { return };
    if !LOST.swap(true, Ordering::Relaxed) && error.kind() != ErrorKind::BrokenPipe {
        note!("firebreak: the output could not be written: {error}");
    }
}

/// Words on the standard error. Where they are lost there is nobody left to tell.
pub fn err(words: Arguments<'_>) {
    let _ = io::stderr().lock().write_fmt(words);
}

/// Whether all that was said on the standard output has arrived.
pub fn all_said() -> bool {
    !LOST.load(Ordering::Relaxed)
}
