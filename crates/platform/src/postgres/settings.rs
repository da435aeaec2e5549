//! Server settings. They travel on the command line, so that a moved or restored data directory has no say in them.

use std::fs;
use std::path::Path;

const MIB: u64 = 1024 * 1024;
const GIB: u64 = 1024 * MIB;

/// The `name=value` pairs given to `postgres -c`.
pub(super) fn settings(socket_dir: &Path, durable: bool, statements: bool) -> Vec<String> {
    let memory = if durable { memory() } else { 512 * MIB };
    let mut all = vec![
        "listen_addresses=".to_owned(),
        format!("unix_socket_directories={}", socket_dir.display()),
        "unix_socket_permissions=0700".to_owned(),
        "cluster_name=vision".to_owned(),
        "max_connections=50".to_owned(),
        "work_mem=16MB".to_owned(),
        "random_page_cost=1.1".to_owned(),
        "jit=off".to_owned(),
        "max_wal_size=4GB".to_owned(),
        "checkpoint_timeout=15min".to_owned(),
        "wal_compression=on".to_owned(),
        "idle_in_transaction_session_timeout=10s".to_owned(),
        "autovacuum_vacuum_insert_scale_factor=0.02".to_owned(),
        "timezone=UTC".to_owned(),
        "log_timezone=UTC".to_owned(),
        "lc_messages=C".to_owned(),
        // One file per week day, overwritten a week later: the log of an orphan stays bounded too.
        "logging_collector=on".to_owned(),
        "log_filename=postgresql-%a.log".to_owned(),
        "log_rotation_age=1d".to_owned(),
        "log_rotation_size=0".to_owned(),
        "log_truncate_on_rotation=on".to_owned(),
        "log_checkpoints=off".to_owned(),
    ];
    all.extend(memory_settings(memory));
    if statements {
        all.push("shared_preload_libraries=pg_stat_statements".to_owned());
    }
    for name in ["fsync", "synchronous_commit", "full_page_writes"] {
        all.push(format!("{name}={}", if durable { "on" } else { "off" }));
    }
    all
}

fn memory_settings(total: u64) -> [String; 3] {
    let megabytes = |bytes: u64| format!("{}MB", bytes / MIB);
    [
        format!("shared_buffers={}", megabytes((total / 4).clamp(128 * MIB, 8 * GIB))),
        format!("effective_cache_size={}", megabytes((total / 5 * 3).max(256 * MIB))),
        format!("maintenance_work_mem={}", megabytes((total / 16).clamp(32 * MIB, GIB))),
    ]
}

/// The memory of this machine, or of its container where that is less; 1 GiB where neither is known.
fn memory() -> u64 {
    let machine = fs::read_to_string("/proc/meminfo").ok().and_then(|text| mem_total(&text));
    let container = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"]
        .iter()
        .find_map(|path| fs::read_to_string(path).ok()?.trim().parse().ok());
    match (machine, container) {
        (Some(machine), Some(container)) => machine.min(container),
        (Some(known), None) | (None, Some(known)) => known,
        (None, None) => GIB,
    }
}

fn mem_total(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kib| kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_follows_the_machine_within_bounds() {
        assert_eq!(mem_total("MemTotal:       24684096 kB\nMemFree: 1 kB\n"), Some(24_684_096 * 1024));
        assert_eq!(mem_total("nothing"), None);
        assert_eq!(memory_settings(256 * MIB), ["shared_buffers=128MB", "effective_cache_size=256MB", "maintenance_work_mem=32MB"]);
        assert_eq!(memory_settings(16 * GIB), ["shared_buffers=4096MB", "effective_cache_size=9830MB", "maintenance_work_mem=1024MB"]);
        assert_eq!(memory_settings(512 * GIB)[0], "shared_buffers=8192MB");
    }

    #[test]
    fn real_data_is_always_durable_and_never_on_the_network() {
        let on = settings(Path::new("/run/vision/x"), true, true);
        assert!(on.contains(&"fsync=on".to_owned()) && on.contains(&"synchronous_commit=on".to_owned()));
        assert!(on.contains(&"listen_addresses=".to_owned()));
        let off = settings(Path::new("/run/vision/x"), false, false);
        assert!(off.contains(&"fsync=off".to_owned()) && !off.iter().any(|s| s.starts_with("shared_preload")));
    }
}
