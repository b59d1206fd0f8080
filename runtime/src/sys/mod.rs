//! The native module `berth:sys`, typed in src/sys/api.d.ts. One line here for each export.

mod digest;
pub mod error;
mod files;
mod netlink;
mod netns;
mod packets;
mod paths;
mod records;
pub mod process;
pub mod signals;
mod spawn;
mod stat;
mod stream;
mod utf8;
mod values;

use rquickjs::function::Func;
use rquickjs::module::{Declarations, Exports, ModuleDef};
use rquickjs::{Ctx, Result};

use crate::modules;
pub use values::Text;

pub struct Sys;

macro_rules! exports {
    ($($name:literal => $function:expr,)*) => {
        impl ModuleDef for Sys {
            fn declare(module: &Declarations<'_>) -> Result<()> {
                $(module.declare_c_str($name)?;)*
                Ok(())
            }
            fn evaluate<'js>(_: &Ctx<'js>, module: &Exports<'js>) -> Result<()> {
                $(module.export_c_str($name, Func::from($function))?;)*
                Ok(())
            }
        }
    };
}

exports! {
    c"argv" => process::argv,
    c"environ" => process::environ,
    c"exit" => process::exit,
    c"monotonic" => process::monotonic,
    c"boottime" => process::boottime,
    c"realtime" => process::realtime,
    c"random" => process::random,
    c"sleep" => process::sleep,
    c"terminal" => process::terminal,
    c"run" => spawn::run,
    c"deferSignals" => signals::defer,
    c"sha512" => digest::sha512,
    c"walkRecords" => records::walk,
    c"encodeUtf8" => utf8::encode,
    c"decodeUtf8" => utf8::decode,
    c"open" => files::open,
    c"close" => files::close,
    c"read" => files::read,
    c"pread" => files::pread,
    c"write" => files::write,
    c"pwrite" => files::pwrite,
    c"truncate" => files::truncate,
    c"readText" => files::read_text,
    c"readFile" => files::read_file,
    c"writeFile" => files::write_file,
    c"linkFd" => files::link_fd,
    c"renameNew" => files::rename_new,
    c"unlink" => files::unlink,
    c"mkdir" => files::mkdir,
    c"readdir" => files::readdir,
    c"isThisProgram" => files::is_this_program,
    c"flock" => files::flock,
    c"rename" => paths::rename,
    c"symlink" => paths::symlink,
    c"readlink" => paths::readlink,
    c"chmod" => paths::chmod,
    c"rmdir" => paths::rmdir,
    c"cloneFile" => paths::clone_file,
    c"stat" => stat::stat,
    c"lstat" => stat::lstat,
    c"fstat" => stat::fstat,
    c"setMtime" => stat::set_mtime,
    c"fsMagic" => stat::fs_magic,
    c"getxattr" => stat::getxattr,
    c"setxattr" => stat::setxattr,
    c"inNetns" => netns::in_netns,
    c"unshare" => netns::unshare,
    c"mount" => netns::mount,
    c"namespaceType" => netns::namespace_type,
    c"hasIfindex" => netns::has_ifindex,
    c"netnsCookie" => netns::cookie,
    c"netlinkOpen" => netlink::open,
    c"netlinkOption" => netlink::option,
    c"sendBuffer" => netlink::send_buffer,
    c"send" => netlink::send,
    c"receive" => netlink::receive,
    c"sendPacket" => packets::send,
    c"openTun" => packets::open_tun,
    c"connectUnix" => stream::connect_unix,
    c"load" => modules::load,
    c"lineTable" => modules::line_table,
}
