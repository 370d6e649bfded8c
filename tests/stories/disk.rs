//! Starved of disk: the service ends clearly, and with room again it goes on where it was.

use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;

use serde_json::json;

use crate::manual::assert_promised;
use crate::record::{assert_ledger_is_sound, names, standing};
use crate::scene::{self, HOME, NEWCOMER};
use crate::service::{PATIENCE, Process, World};

/// A file system of its own for the state directory of a world; taken off when dropped.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// `None` where this user may not mount.
    fn under(world: &World) -> Option<SmallDisk> {
        let place = world.state();
        std::fs::create_dir(&place).unwrap();
        let mut mount = Command::new("mount");
        let mounted = mount.args(["-t", "tmpfs", "-o", "size=32m", "small"]).arg(&place).output();
        mounted.ok()?.status.success().then_some(SmallDisk(place))
    }

    fn fill(&self) {
        let mut filler = File::create(self.0.join("filler")).unwrap();
        let chunk = [0x20; 64 * 1024];
        for piece in [&chunk[..], &chunk[..1]] {
            while filler.write_all(piece).is_ok() {}
        }
    }

    fn make_room(&self) {
        std::fs::remove_file(self.0.join("filler")).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // A disk that stays is seen by whoever looks; the test has its own verdict.
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

#[test]
fn a_disk_that_is_full_when_a_digest_is_due_ends_the_service_and_loses_nothing() {
    let mut world = World::open(1200);
    let Some(disk) = SmallDisk::under(&world) else {
        println!("skipped: this user may not mount a small disk");
        return;
    };
    world = scene::newcomer_found(world);
    let known = world.ask(&["accounts"])["rows"].as_array().unwrap().len();
    // While the service asks its home server for the limits of a post.
    world.fault(&json!({"server": HOME, "path": "/api/v1/instance", "effect": "delay", "ms": 3000}));
    let service = world.run();
    disk.fill();
    assert_full(&world, service);
    assert_full(&world, world.begin(&["run"]));
    assert!(world.outbox(HOME).is_empty());
    disk.make_room();

    assert_eq!(world.ask(&["accounts"])["rows"].as_array().unwrap().len(), known);
    let service = world.run();
    scene::closed(&world, 1);
    assert_eq!(service.stop().0, Some(0));
    assert_eq!(names(&standing(&world, HOME), NEWCOMER), [1]);
    assert_ledger_is_sound(&world);
}

/// A disk of this size has no plenty, so the ballast is laid by hand.
#[test]
fn on_a_full_disk_rescue_frees_the_ballast_and_the_service_goes_on() {
    let mut world = World::open(1200);
    let Some(disk) = SmallDisk::under(&world) else {
        println!("skipped: this user may not mount a small disk");
        return;
    };
    std::fs::write(disk.0.join("ballast"), vec![1; 8 << 20]).unwrap();
    world = scene::newcomer_found(world);
    disk.fill();
    assert_full(&world, world.begin(&["run"]));
    let rescued = world.ask(&["rescue"]);
    assert_eq!(rescued["freed"], 8 << 20, "{rescued}");
    let service = world.run();
    service.expect("collection pauses");
    scene::closed(&world, 1);
    assert_eq!(service.stop().0, Some(0));
    assert_eq!(names(&standing(&world, HOME), NEWCOMER), [1]);
    assert_ledger_is_sound(&world);
}

/// The service ends by itself, with the code on which nobody restarts it, and says where room is needed.
fn assert_full(world: &World, service: Process) {
    let (code, log) = service.end(PATIENCE);
    assert_eq!(code, Some(5), "{log}");
    let told = log.lines().find(|line| line.starts_with("masthead: ")).unwrap_or_default();
    assert!(told.contains("no space left") && told.contains(world.dir().to_str().unwrap()), "{log}");
    assert_promised("full disk", told);
}

/// As the unit has it: the folder for backups is there, and only the state can be written to.
#[test]
fn a_folder_for_backups_that_the_service_may_not_write_to_is_told_with_the_lines_for_the_unit() {
    let mut world = World::open(1200);
    let folder = world.dir().join("elsewhere");
    std::fs::create_dir(&folder).unwrap();
    let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "ro", "small"]).arg(&folder).output();
    if !mounted.is_ok_and(|mounted| mounted.status.success()) {
        println!("skipped: this user may not mount a disk");
        return;
    }
    let disk = SmallDisk(folder.clone());
    world.append(&format!("\n[backup]\ndir = \"{}\"\n", folder.display()));
    let service = world.run();
    world.until("something to be seen", PATIENCE, |world| {
        (!world.ask(&["accounts"])["rows"].as_array()?.is_empty()).then_some(())
    });
    let done = world.command(&["backup"]);
    assert_eq!(done.code, Some(1), "{done:?}");
    let lines = format!("[Service] and ReadWritePaths={}", folder.display());
    let told = |words: &[&str]| {
        let done = world.command(words);
        let said = done.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains("none could be made") && said.contains(&lines), "{done:?}");
        assert_promised("backups on another disk", &said);
    };
    told(&["doctor", "--offline"]);
    told(&["check"]);
    drop(disk);
    world.ask(&["backup"]);
    assert!(!world.command(&["doctor", "--offline"]).stdout.contains("none could be made"));
    assert!(!world.command(&["check"]).stdout.contains("none could be made"));
    assert_eq!(service.stop().0, Some(0));
}
