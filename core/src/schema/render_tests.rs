use super::*;
use crate::event::encode::{self, Head};
use crate::schema;
use proptest::prelude::*;

/// Encodes an event of the capture format.
fn encode(id: u16, params: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode::event(&mut bytes, Head { ts: 1, tid: 7, id }, params.iter().copied());
    bytes
}

fn args(id: u16, params: &[&[u8]]) -> String {
    let bytes = encode(id, params);
    let event = Event::decode(&bytes, 0).expect("a well-formed event");
    let arena = Bump::new();
    let info = schema::event(id).expect("a current event");
    String::from_utf8_lossy(arguments(info, &event, &Known, &arena)).into_owned()
}

fn arg(id: u16, name: &str, params: &[&[u8]]) -> String {
    let bytes = encode(id, params);
    let event = Event::decode(&bytes, 0).expect("a well-formed event");
    let arena = Bump::new();
    let info = schema::event(id).expect("a current event");
    let index = info.param_index(name).expect("the parameter");
    let text = argument(info, &event, index, &Known, &arena).expect("a rendering");
    String::from_utf8_lossy(text).into_owned()
}

struct Known;

impl Resolve for Known {
    fn fd(&self, fd: i64) -> Option<FdText<'_>> {
        match fd {
            3 => Some(FdText { kind: 'f', protocol: None, name: b"/etc/passwd" }),
            4 => Some(FdText { kind: '4', protocol: Some('t'), name: b"1.2.3.4:5->6.7.8.9:80" }),
            _ => None,
        }
    }
    fn comm(&self, tid: i64) -> Option<&[u8]> {
        (tid == 42).then_some(b"bash")
    }
    fn user(&self, uid: u32) -> Option<&[u8]> {
        (uid == 0).then_some(b"root")
    }
    fn path(&self, _index: usize) -> Option<&[u8]> {
        Some(b"/home/x")
    }
}

#[test]
fn open_shows_descriptor_flags_and_octal_mode() {
    let params: &[&[u8]] = &[
        &3i64.to_le_bytes(),
        b"/etc/passwd\0",
        &4097u32.to_le_bytes(),
        &0o644u32.to_le_bytes(),
        &0x801u32.to_le_bytes(),
        &12u64.to_le_bytes(),
    ];
    assert_eq!(
        args(3, params),
        "fd=3(<f>/etc/passwd) name=/etc/passwd flags=4097(O_RDONLY|O_CLOEXEC) mode=0644 dev=801 ino=12"
    );
    assert_eq!(arg(3, "flags", params), "O_RDONLY|O_CLOEXEC");
    assert_eq!(arg(3, "mode", params), "0644");
}

#[test]
fn read_write_access_hides_its_parts() {
    assert_eq!(arg(3, "flags", &[&[], &[], &3u32.to_le_bytes()]), "O_RDWR");
    assert_eq!(arg(3, "flags", &[&[], &[], &0u32.to_le_bytes()]), "O_NONE");
}

#[test]
fn empty_parameters_have_their_own_words() {
    assert_eq!(args(9, &[&(-5i64).to_le_bytes(), &[], &[], &[]]), "res=-5(EIO) data=NULL fd=<NA> size=<NA>");
    assert_eq!(args(9, &[]), "res=<NA> data=NULL fd=<NA> size=<NA>");
    assert_eq!(args(1, &[&3u16.to_le_bytes(), &0u16.to_le_bytes()]), "");
}

#[test]
fn paths_are_resolved_only_where_relative() {
    let params =
        |p: &'static [u8]| -> Vec<&'static [u8]> { vec![&[0; 8], &[0x9c, 255, 255, 255, 255, 255, 255, 255], p] };
    assert_eq!(args(303, &params(b"x\0")), "res=0 dirfd=-100(AT_FDCWD) name=x(/home/x) flags=<NA>");
    assert_eq!(arg(303, "name", &params(b"x\0")), "/home/x");
    assert_eq!(arg(303, "name", &params(b"/y\0")), "/y");
}

#[test]
fn enumerations_modes_signals_and_ids() {
    let zero = 0i64.to_le_bytes();
    assert_eq!(args(369, &[&5i64.to_le_bytes(), &10u32.to_le_bytes()]), "fd=5 cmd=10(BPF_PROG_TEST_RUN|BPF_PROG_RUN)");
    assert_eq!(
        args(315, &[&zero, b"/a\0", &0o4755u32.to_le_bytes()]),
        "res=0 filename=/a mode=04755(S_IXOTH|S_IROTH|S_IXGRP|S_IRGRP|S_IXUSR|S_IWUSR|S_IRUSR|S_ISUID)"
    );
    assert_eq!(args(129, &[&zero, &42i64.to_le_bytes(), &[9]]), "res=0 pid=42(bash) sig=9(SIGKILL)");
    assert_eq!(
        args(193, &[&zero, &0u32.to_le_bytes(), &u32::MAX.to_le_bytes(), &77u32.to_le_bytes()]),
        "res=0 ruid=0(root) euid=-1(<NONE>) suid=77(<NA>)"
    );
}

#[test]
fn times_sets_and_variants() {
    let zero = 0i64.to_le_bytes();
    assert_eq!(args(135, &[&zero, &1_500_000_000u64.to_le_bytes()]), "res=0 interval=1500000000(1.5s)");
    assert_eq!(arg(135, "interval", &[&zero, &u64::MAX.to_le_bytes()]), "none");
    assert_eq!(arg(255, "sigmask", &[&zero, &[], &[], &0b101u32.to_le_bytes()]), "SIGHUP SIGQUIT");
    assert_eq!(arg(169, "data", &[&zero, &[], &[1, 9]]), "SIGKILL");
    assert_eq!(arg(169, "data", &[&zero, &[], &[0, 255, 0, 0, 0, 0, 0, 0, 0]]), "FF");
    assert_eq!(arg(169, "data", &[&zero, &[], &[7, 1]]), "NULL");
}

#[test]
fn addresses() {
    let zero = 0i64.to_le_bytes();
    assert_eq!(arg(21, "addr", &[&zero, &[2, 127, 0, 0, 1, 80, 0]]), "127.0.0.1:80");
    assert_eq!(arg(21, "addr", &[&zero, b"\x01/run/x\0"]), "/run/x");
    let tuple = [2, 10, 0, 0, 1, 1, 0, 10, 0, 0, 2, 80, 0];
    assert_eq!(arg(23, "tuple", &[&zero, &tuple]), "10.0.0.1:1->10.0.0.2:80");
    let mut unix = vec![1];
    unix.extend(0xabcu64.to_le_bytes());
    unix.extend(0u64.to_le_bytes());
    unix.extend(b"/run/y\0");
    assert_eq!(arg(23, "tuple", &[&zero, &unix]), "abc->0 /run/y");
    let mut six = vec![10];
    for last in [1u8, 2] {
        six.extend([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 10, 0, 0, last, 80, 0]);
    }
    assert_eq!(arg(23, "tuple", &[&zero, &six]), "10.0.0.1:80->10.0.0.2:80");
    let mut list = vec![2, 0];
    list.extend(3i64.to_le_bytes());
    list.extend([1, 0]);
    list.extend(9i64.to_le_bytes());
    list.extend([0x14, 0]);
    assert_eq!(arg(81, "fds", &[&zero, &list]), "3:f1 9:o14");
}

#[test]
fn buffers_are_printable_or_base64() {
    let show = |bytes: &[u8], base64| {
        let arena = Bump::new();
        let mut out = Out::new_in(&arena);
        buffer(bytes, base64, &mut out);
        String::from_utf8_lossy(&out).into_owned()
    };
    assert_eq!(show(b"a\0b\n\xff~", false), "a.b..~");
    assert_eq!(show(b"abcd", true), "YWJjZA==");
    assert_eq!(show(b"abcde", true), "YWJjZGU=");
    let long = show(&[b'x'; 2000], false);
    assert_eq!((long.len(), &long[1019..]), (1023, "x..."));
}

#[test]
fn general_numbers_are_as_c_prints_them() {
    let cases = [
        (0.0, "0"),
        (1.5, "1.5"),
        (1e-9, "1e-09"),
        (123_456_789.0, "1.23457e+08"),
        (0.0001, "0.0001"),
        (100_000.0, "100000"),
    ];
    cases.iter().for_each(|(value, text)| assert_eq!(General(*value).to_string(), *text));
}

proptest! {
    /// Whatever bytes a source sends, every parameter of every event has a rendering.
    #[test]
    fn rendering_never_fails(params in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..40), 0..33), at in 0usize..1000) {
        let info = &schema::events()[at % schema::events().len()];
        let slices: Vec<&[u8]> = params.iter().map(Vec::as_slice).collect();
        let bytes = encode(info.id, &slices);
        let event = Event::decode(&bytes, 0).expect("a well-formed event");
        let arena = Bump::new();
        let all = arguments(info, &event, &Known, &arena);
        prop_assert_eq!(all.is_empty(), info.params.is_empty() || info.id == schema::GENERIC);
        for index in 0..info.params.len() {
            prop_assert!(argument(info, &event, index, &Known, &arena).is_some());
            if let Some(bytes) = event.param(index) {
                let _ = schema::read(&info.params[index], bytes);
            }
        }
    }
}
