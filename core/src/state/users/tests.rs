use std::fs;
use std::time::Duration;

use super::*;

fn root_with(passwd: &str) -> PathBuf {
    let dir = std::env::temp_dir().join(format!("users-{}-{:?}", std::process::id(), std::thread::current().id()));
    fs::create_dir_all(dir.join("etc")).expect("a directory for the test");
    fs::write(dir.join("etc/passwd"), passwd).expect("passwd");
    fs::write(dir.join("etc/group"), "root:x:0:\nstaff:x:50:ann,bob\n").expect("group");
    dir
}

fn eventually(mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while !holds() {
        assert!(Instant::now() < deadline, "it never came about");
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn names_come_from_the_files() {
    let root = root_with("root:x:0:0:root:/root:/bin/bash\nann:x:1000:1000::/home/ann:/bin/zsh\nbroken\n");
    let (users, arena) = (Users::new(&root), Bump::new());
    let ann = users.user(Realm::Host, 1000, &arena);
    assert_eq!(ann, Some(User { name: b"ann", home: b"/home/ann", shell: b"/bin/zsh" }));
    assert_eq!(users.user(Realm::Host, 7, &arena), None);
    assert_eq!(users.group(Realm::Host, 50, &arena), Some(&b"staff"[..]));
    fs::remove_dir_all(root).expect("clean up");
}

#[test]
fn a_changed_file_is_read_again_aside() {
    let root = root_with("ann:x:1000:1000::/home/ann:/bin/zsh\n");
    let (mut users, arena) = (Users::new(&root), Bump::new());
    users.follow();
    assert!(users.user(Realm::Host, 1000, &arena).is_some());
    fs::write(root.join("etc/passwd"), "bob:x:1001:1001::/home/bob:/bin/sh\n").expect("passwd");
    eventually(|| {
        users.refresh();
        users.user(Realm::Host, 1001, &arena).is_some()
    });
    assert!(users.user(Realm::Host, 1000, &arena).is_none());
    fs::remove_file(root.join("etc/passwd")).expect("passwd");
    users.host.borrow_mut().asked = None;
    users.refresh();
    eventually(|| {
        users.refresh();
        !users.host.borrow().pending
    });
    assert!(users.user(Realm::Host, 1001, &arena).is_some(), "a file that is gone for a moment takes nothing away");
    fs::remove_dir_all(root).expect("clean up");
}

#[test]
fn the_name_service_is_asked_for_what_files_do_not_have() {
    let root = root_with("ann:x:1000:1000::/home/ann:/bin/zsh\n");
    let (mut users, arena) = (Users::new(&root), Bump::new());
    let user = |uid| Some(User { name: b"afar", home: if uid == 5000 { b"/5000" } else { b"/" }, shell: b"" }.into());
    users.follow_by(Some(Service { user, group: |_| Some(b"far"[..].into()) }));
    let name = |uid| users.user(Realm::Host, uid, &arena).map(|user| user.name);
    assert_eq!((name(1000), name(5000)), (Some(&b"ann"[..]), None));
    eventually(|| name(5000) == Some(b"afar") && users.group(Realm::Host, 5000, &arena) == Some(b"far"));
    assert_eq!(users.user(Realm::Host, 5000, &arena).map(|user| user.home), Some(&b"/5000"[..]));
    let inside = Realm::Container { id: "3ad7b26ded6d", pids: [0; WITNESSES] };
    assert_eq!(users.user(inside, 5000, &arena), None, "a container's ids are its own");
    fs::remove_dir_all(root).expect("clean up");
}

#[test]
fn containers_beyond_the_table_are_counted() {
    let (mut users, arena) = (Users::new(Path::new("/nonexistent")), Bump::new());
    users.follow();
    for number in 0..CONTAINERS_MAX + 3 {
        users.user(Realm::Container { id: &number.to_string(), pids: [0; WITNESSES] }, 0, &arena);
    }
    assert_eq!(users.forgotten(), 3);
}

#[test]
fn containers_beyond_their_memory_give_way_oldest_first() {
    let forgotten = Cell::new(0);
    let start = Instant::now();
    let table =
        |age: u64, bytes| Table { asked: start.checked_sub(Duration::from_secs(age)), bytes, ..Table::default() };
    let half = CONTAINERS_BYTES_MAX / 2;
    let all = [("old", table(9, half)), ("empty", table(99, 0)), ("young", table(1, half)), ("grown", table(5, half))];
    let mut tables: Tables = all.into_iter().map(|(id, table)| (id.into(), table)).collect();
    keep_within(&mut tables, "grown", &forgotten);
    let mut left: Vec<&str> = tables.keys().map(|id| &**id).collect();
    left.sort_unstable();
    assert_eq!((left, forgotten.get()), (vec!["empty", "grown", "young"], 1));
}

#[test]
fn what_a_table_takes_is_known() {
    let mut table = Table::default();
    let lines: String = (0..5000).map(|uid| format!("user{uid}:x:{uid}:{uid}::/home/user{uid}:/bin/sh\n")).collect();
    let users = Some(users_of(lines.as_bytes()));
    let before = crate::heap::bytes();
    table.take(News { users, ..News::default() });
    let table = Table { users: table.users.clone(), ..table };
    assert!(crate::heap::bytes() - before <= 2 * table.bytes as i64 && table.len() == 5000, "{}", table.bytes);
}

#[test]
fn a_container_is_asked_for_again_until_it_has_files() {
    let (mut users, arena) = (Users::new(Path::new("/nonexistent")), Bump::new());
    users.follow();
    let realm = Realm::Container { id: "3ad7b26ded6d", pids: [i64::from(std::process::id()), 0, 0, 0] };
    assert_eq!(users.user(realm, 0, &arena), None);
    let asked = || users.containers.borrow()["3ad7b26ded6d"].asked;
    let first = asked();
    eventually(|| {
        users.expect(realm);
        asked() > first
    });
    assert_eq!(users.user(realm, 0, &arena), None, "its process still has the host's root");
}
