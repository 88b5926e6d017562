// SPDX-License-Identifier: Apache-2.0
//
// A plugin in Rust, by the layout of the ABI alone: no header of the SDK, no crate.  The type
// "org.example.rust" is "RUST", a JSON text without line breaks, and a line break, held as a value.
// The last byte is known, so a file that was cut short is seen.
#![allow(non_upper_case_globals, private_interfaces)]

use std::ffi::{c_char, c_void};

type Status = i32;
const OK: Status = 0;
const UNSUPPORTED: Status = -2;
const CORRUPT: Status = -3;
const NO_OFFSET: u64 = u64::MAX;
const KIND_VALUE: u32 = 2;
const MAGIC: &[u8; 4] = b"RUST";
const TEXT_MAX: u64 = 1 << 20;

#[repr(C)]
struct Note {
    namesz: u32,
    descsz: u32,
    kind: u32,
    name: [u8; 8],
    major: u32,
    minor_built: u32,
    minor_required: u32,
    flags: u32,
    id: [u8; 96],
}

const fn padded<const N: usize>(text: &[u8]) -> [u8; N] {
    let mut out = [0u8; N];
    let mut i = 0;
    while i < text.len() {
        out[i] = text[i];
        i += 1;
    }
    out
}

#[used]
#[link_section = ".note.kist"]
static NOTE: Note = Note {
    namesz: 5,
    descsz: 112,
    kind: 1,
    name: padded(b"KIST"),
    major: 1,
    minor_built: 0,
    minor_required: 0,
    flags: 0,
    id: padded(b"org.example.rust"),
};

#[repr(C)]
struct Call {
    struct_size: u32,
    flags: u32,
    host: *const c_void,
    deadline_ns: u64,
    ctx: *mut c_void,
    poll: extern "C" fn(*mut Call) -> Status,
    progress: extern "C" fn(*mut Call, u64, u64),
    fail: extern "C" fn(*mut Call, Status, *const c_char, u64, *const c_char, usize) -> Status,
    alloc: extern "C" fn(*mut Call, usize, usize) -> *mut c_void,
}

#[repr(C)]
struct Region {
    struct_size: u32,
    flags: u32,
    base: *const u8,
    len: u64,
    release: Option<extern "C" fn(*mut Region)>,
    private: *mut c_void,
}

#[repr(C)]
struct Object {
    struct_size: u32,
    kind: u32,
    flags: u64,
    type_name: *const c_char,
    type_major: u32,
    type_minor: u32,
    value: *mut c_void,
    release: Option<extern "C" fn(*mut Object)>,
    private: *mut c_void,
}

#[repr(C)]
struct Source {
    struct_size: u32,
    flags: u32,
    ctx: *mut c_void,
    size: u64,
    read_at: extern "C" fn(*mut Source, u64, *mut u8, usize, *mut usize) -> Status,
    map: extern "C" fn(*mut Source, u64, u64, *mut Region) -> Status,
}

#[repr(C)]
struct Sink {
    struct_size: u32,
    flags: u32,
    ctx: *mut c_void,
    begin: extern "C" fn(*mut Sink, *const c_void) -> Status,
    write: extern "C" fn(*mut Sink, *const u8, usize) -> Status,
    end: extern "C" fn(*mut Sink) -> Status,
}

#[repr(C)]
struct Report {
    struct_size: u32,
    flags: u32,
    ctx: *mut c_void,
    issue: extern "C" fn(*mut Report, i32, *const c_char, u64, *const c_char, usize),
}

#[repr(C)]
struct Interface {
    struct_size: u32,
    reserved: u32,
    caps: u64,
    open: extern "C" fn(*const c_void, *mut Call, *mut *mut c_void) -> Status,
    close: extern "C" fn(*mut c_void),
    serialize: extern "C" fn(*mut c_void, *mut Call, *const Object, *const c_void, *mut Sink) -> Status,
    deserialize: extern "C" fn(*mut c_void, *mut Call, *mut Source, *const c_void, *mut Object) -> Status,
    validate: extern "C" fn(*mut c_void, *mut Call, *mut Source, *const c_void, *mut Report) -> Status,
    // probe, layout and describe lie behind struct_size: this plugin has none.
}

#[repr(C)]
struct TypeDecl {
    struct_size: u32,
    kinds: u32,
    type_name: *const c_char,
    task: *const c_char,
    major: u32,
    minor: u32,
    priority: u32,
    reserved: u32,
    interface: *const Interface,
}

#[repr(C)]
struct Plugin {
    struct_size: u32,
    abi_minor_built: u32,
    abi_minor_required: u32,
    reserved: u32,
    id: *const c_char,
    version: *const c_char,
    type_count: u64,
    types: *const *const TypeDecl,
    task_count: u64,
    tasks: *const c_void,
}

struct Shared<T>(T);
unsafe impl<T> Sync for Shared<T> {}

fn text(bytes: &'static [u8]) -> *const c_char {
    bytes.as_ptr().cast()
}

fn fail(call: *mut Call, status: Status, code: &'static [u8], offset: u64, why: &str) -> Status {
    unsafe { ((*call).fail)(call, status, text(code), offset, why.as_ptr().cast(), why.len()) }
}

/// Why there is no text: a call of the host failed and has said why, or the bytes are wrong and nobody has said so yet.
enum Fault {
    Failed(Status),
    Wrong(&'static [u8], u64, &'static str),
}

/// The text between the magic and the line break at the end.
fn read(source: *mut Source) -> Result<Vec<u8>, Fault> {
    let size = unsafe { (*source).size };
    if size < 4 || size > TEXT_MAX {
        return Err(Fault::Wrong(b"E_SIZE\0", 0, "it has no 4 bytes, or more than 1 MiB"));
    }
    let mut bytes = vec![0u8; size as usize];
    let mut done = 0;
    while done < bytes.len() {
        let mut got = 0usize;
        let rest = &mut bytes[done..];
        let status = unsafe { ((*source).read_at)(source, done as u64, rest.as_mut_ptr(), rest.len(), &mut got) };
        if status != OK {
            return Err(Fault::Failed(status));
        }
        if got == 0 {
            return Err(Fault::Wrong(b"E_TRUNCATED\0", done as u64, "it ends too soon"));
        }
        done += got;
    }
    if &bytes[..4] != MAGIC {
        return Err(Fault::Wrong(b"E_MAGIC\0", 0, "it does not begin with RUST"));
    }
    let mut line = bytes.split_off(4);
    if line.pop() != Some(b'\n') {
        return Err(Fault::Wrong(b"E_TRUNCATED\0", size, "no line break ends it"));
    }
    if line.is_empty() || line.contains(&b'\n') || std::str::from_utf8(&line).is_err() {
        return Err(Fault::Wrong(b"E_TEXT\0", 4, "no JSON text of one line follows"));
    }
    Ok(line)
}

extern "C" fn open(_host: *const c_void, _call: *mut Call, ret: *mut *mut c_void) -> Status {
    unsafe { *ret = std::ptr::null_mut() };
    OK
}

extern "C" fn close(_instance: *mut c_void) {}

extern "C" fn serialize(_: *mut c_void, call: *mut Call, object: *const Object, _: *const c_void, sink: *mut Sink) -> Status {
    unsafe {
        if (*object).kind != KIND_VALUE {
            return fail(call, UNSUPPORTED, b"E_KIND\0", NO_OFFSET, "not a value");
        }
        let region = (*object).value as *const Region;
        let line = std::slice::from_raw_parts((*region).base, (*region).len as usize);
        if line.contains(&b'\n') {
            return fail(call, UNSUPPORTED, b"E_LINES\0", NO_OFFSET, "its JSON text has line breaks");
        }
        for part in [&MAGIC[..], line, &b"\n"[..]] {
            let status = ((*sink).write)(sink, part.as_ptr(), part.len());
            if status != OK {
                return status;
            }
        }
    }
    OK
}

struct Held {
    region: Region,
    text: Vec<u8>,
}

extern "C" fn release_object(object: *mut Object) {
    unsafe {
        drop(Box::from_raw((*object).private as *mut Held));
        (*object).release = None;
    }
}

extern "C" fn deserialize(_: *mut c_void, call: *mut Call, source: *mut Source, _: *const c_void, ret: *mut Object) -> Status {
    let text = match read(source) {
        Ok(text) => text,
        Err(Fault::Wrong(code, offset, why)) => return fail(call, CORRUPT, code, offset, why),
        Err(Fault::Failed(status)) => return status,
    };
    let mut held = Box::new(Held {
        region: Region {
            struct_size: std::mem::size_of::<Region>() as u32,
            flags: 0,
            base: std::ptr::null(),
            len: text.len() as u64,
            release: None,
            private: std::ptr::null_mut(),
        },
        text,
    });
    held.region.base = held.text.as_ptr();
    unsafe {
        (*ret).kind = KIND_VALUE;
        (*ret).type_name = b"org.example.rust\0".as_ptr().cast();
        (*ret).type_major = 1;
        (*ret).value = (&mut held.region as *mut Region).cast();
        (*ret).release = Some(release_object);
        (*ret).private = Box::into_raw(held).cast();
    }
    OK
}

extern "C" fn validate(_: *mut c_void, _call: *mut Call, source: *mut Source, _: *const c_void, report: *mut Report) -> Status {
    // Bytes that are wrong are a finding, not a failure of the call.
    match read(source) {
        Ok(_) => OK,
        Err(Fault::Wrong(code, offset, why)) => unsafe {
            ((*report).issue)(report, 2, text(code), offset, why.as_ptr().cast(), why.len());
            OK
        },
        Err(Fault::Failed(status)) => status,
    }
}

static interface: Interface = Interface {
    struct_size: std::mem::size_of::<Interface>() as u32,
    reserved: 0,
    caps: 1,
    open,
    close,
    serialize,
    deserialize,
    validate,
};

static decl: Shared<TypeDecl> = Shared(TypeDecl {
    struct_size: std::mem::size_of::<TypeDecl>() as u32,
    kinds: 1 << KIND_VALUE,
    type_name: b"org.example.rust\0".as_ptr().cast(),
    task: b"RustValueArtifactTask\0".as_ptr().cast(),
    major: 1,
    minor: 0,
    priority: 50,
    reserved: 0,
    interface: &interface,
});

static types: Shared<[*const TypeDecl; 1]> = Shared([&decl.0]);

static plugin: Shared<Plugin> = Shared(Plugin {
    struct_size: std::mem::size_of::<Plugin>() as u32,
    abi_minor_built: 0,
    abi_minor_required: 0,
    reserved: 0,
    id: b"org.example.rust\0".as_ptr().cast(),
    version: b"1.0.0\0".as_ptr().cast(),
    type_count: 1,
    types: &types.0 as *const *const TypeDecl,
    task_count: 0,
    tasks: std::ptr::null(),
});

#[no_mangle]
pub extern "C" fn kist_plugin_entry_v1(_host: *const c_void, _call: *mut Call, ret: *mut *const c_void) -> Status {
    unsafe { *ret = (&plugin.0 as *const Plugin).cast() };
    OK
}
