//! Compiles the sensor with clang, where the crate is built with it.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, exit};

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if env::var_os("CARGO_FEATURE_LIVE").is_some() {
        sensor();
    }
}

fn sensor() {
    let manifest = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let source = manifest.join("../sensor");
    let object = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join("yarak.bpf.o");
    let include = env::var("DEP_BPF_INCLUDE").unwrap_or_default();
    println!("cargo:rerun-if-changed={}", source.display());
    println!("cargo:rerun-if-env-changed=CLANG");
    let clang = env::var("CLANG").unwrap_or_else(|_| "clang".into());
    let mut command = Command::new(&clang);
    command
        .args(["-g", "-O2", "-target", "bpf", "-mcpu=v3", "-Wall", "-Werror", "-Wno-compare-distinct-pointer-types"])
        .arg(format!("-D__TARGET_ARCH_{}", kernel_arch()))
        .arg(format!("-I{include}"))
        .arg("-c")
        .arg(source.join("yarak.bpf.c"))
        .arg("-o")
        .arg(&object);
    match command.status() {
        Ok(status) if status.success() => strip(&object),
        Ok(status) => fail(&format!("{clang} could not compile the sensor ({status})")),
        Err(error) => fail(&format!("could not run {clang}: {error}; install it (Debian: apt-get install clang)")),
    }
}

/// The kernel's word for the architecture, as `bpf_tracing.h` wants it.
fn kernel_arch() -> &'static str {
    match env::var("CARGO_CFG_TARGET_ARCH").as_deref() {
        Ok("aarch64") => "arm64",
        _ => "x86",
    }
}

/// DWARF is of no use to the loader and half of the object; BTF stays. Without llvm-strip the object is only larger.
fn strip(object: &Path) {
    for tool in ["llvm-strip", "llvm-strip-14"] {
        if Command::new(tool).arg("-g").arg(object).status().is_ok_and(|s| s.success()) {
            return;
        }
    }
}

fn fail(message: &str) -> ! {
    eprintln!("error: {message}");
    exit(1);
}
