//! Makes the folder of the built staff app where it is missing: development builds read it at run time, and only if it was there when
//! they were compiled. Without this, a server compiled before the first build of the app would never find it.

fn main() -> std::io::Result<()> {
    let cargo_reads_this = "cargo::rerun-if-changed=build.rs\n";
    std::io::Write::write_all(&mut std::io::stdout(), cargo_reads_this.as_bytes())?;
    std::fs::create_dir_all("../../web/app/dist")
}
