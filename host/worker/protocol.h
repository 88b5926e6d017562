/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_WORKER_PROTOCOL_H
#define KIST_WORKER_PROTOCOL_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What host and worker say to each other.
 *
 * One SOCK_SEQPACKET socket pair, at descriptor 3 of the worker; each datagram is one message (wire.h):
 *
 *     0        4        8                16               24       28       32
 *     | op u32 | id u32 | a u64          | b u64          | c u32  | len u32| payload, len bytes ...
 *
 * Little-endian.  A payload of more than 64 KiB from the host stands in the "in" window instead, at its
 * front; then bit 31 of op is set and no payload follows.
 *
 *     host -> worker     a            b           c        payload              descriptors
 *     CONFIG             memory_max   version                                  control page
 *     WINDOW             which                                                 memory file
 *     PING
 *     LOAD               plugin index                      manifest            library
 *     PROBE ... SERIALIZE object      deadline_ns source   call (client.c)     input, when it has one
 *     VALIDATE, DESCRIBE KEEP or 0    deadline_ns source   the same
 *     EXAMINE                         deadline_ns           a type, its arguments, bytes of each sample
 *     DESERIALIZE        object       deadline_ns shared    call, with c: 1 when others may want the object too
 *     CONVERT, DROP, FETCH object    deadline_ns           CONVERT: kinds u32, selection text
 *     ROWS               object       deadline_ns           skip u64, count u64, selection text
 *     MAKE               object       deadline_ns           kind u32, bytes
 *     LANES              count
 *     CALL_TASK                       deadline_ns  lane     a task, its arguments (client_task.c)
 *     DATA               length       status                                   (the bytes: in window)
 *     ACK                slot         status
 *
 *     worker -> host     a            b           c        payload
 *     READY                           version              sandbox report
 *     RETURN             status       result      why      error: code, offset, text
 *     LOG                level                    plugin   text
 *     PROGRESS           done         total
 *     READ               offset       length      source
 *     PART                                                 part (a part of the sink begins)
 *     END                                                  (it ends)
 *     WRITE              slot         length               (the bytes: that slot of the ring)
 *     LAYOUT_PARTS                                         part, ... (at least one)
 *     ISSUE              severity     offset               code, text
 *     EXAMINED                                             of samples: index u32, count u32 of parts, part, ...,
 *                                                          u32 (1: a description follows), its bytes
 *     RESULTS                                              of a task: kind u32 of each object that it made, in
 *                                                          order; the bits u64 of what it returned
 *
 * A call:  host sends one of PING..DROP, the worker sends any number of LOG..RESULTS with the same id, then one
 * RETURN.  READ waits for DATA.  WRITE does not wait: each slot may be used again after its ACK, so at most
 * KIST_RING_SLOTS are under way.
 *
 * LANES comes before the first call on data: so many threads wait for tasks then.  CALL_TASK with a lane, from 1 on,
 * runs on that thread, and the host goes on with other calls meanwhile, also tasks in other lanes.  What it has to
 * say has its id; RESULTS and RETURN come between two other calls, or before the answers to the next one.
 *
 * VALIDATE with KEEP leaves its instance open when it returns OK, for a DESCRIBE with KEEP that follows it and is
 * about the same bytes and arguments.  The next PROBE ... SERIALIZE or EXAMINE closes it otherwise.
 *
 * EXAMINE is layout, validate and describe of many small inputs of one type at once: a message and a wake-up for
 * each of them cost more than what the plugin does.  EXAMINED names, in rising order, the samples that went
 * through all three without any fault, within the limits below; of the others nothing is said, and whoever wants
 * to know what is wrong with one asks for it alone.  Samples are read from the message; none of them READs or
 * WRITEs.
 *
 * Bytes go through three memory files that the host makes, of fixed size and sealed against any other:
 *
 *     control   one page: cancel u32, written by the host, read by kist_call.poll without a system call;
 *               within u32, written by the worker: what of the plugin runs, for messages only;
 *               lanes u32 ..., written by the host: cancel of each lane
 *     in        KIST_WINDOW_SIZE: bytes for the worker.  The host never reads it.
 *     ring      KIST_RING_SLOTS of KIST_SLOT_SIZE: bytes from the worker.  The host copies a slot to memory
 *               of its own before it looks at it, so nothing can change between check and use.
 *
 * The worker is hostile to the host once plugin code has run: every number above is checked (client_call.c),
 * every text is escaped, and a message out of order ends the worker.
 */

#define KIST_PROTOCOL_VERSION	 4u
#define KIST_WORKER_SOCKET	 3
#define KIST_MESSAGE_HEADER_SIZE ((size_t)32)
#define KIST_MESSAGE_INLINE_MAX	 ((size_t)64 << 10)
#define KIST_MESSAGE_SIZE_MAX	 (KIST_MESSAGE_HEADER_SIZE + KIST_MESSAGE_INLINE_MAX)
#define KIST_WINDOW_SIZE	 ((size_t)1 << 20)
#define KIST_SLOT_SIZE		 ((size_t)1 << 20)
#define KIST_RING_SLOTS		 4u
#define KIST_CONTROL_SIZE	 ((size_t)4096)
#define KIST_WORKER_PLUGINS_MAX	 64u
#define KIST_WORKER_OBJECTS_MAX	 1024u
#define KIST_CONTROL_LANES	 64u
/** Bytes of a part's name, NUL included. */
#define KIST_PART_NAME_SIZE ((size_t)4096)
/** Bytes of a plugin's log message. */
#define KIST_LOG_TEXT_MAX ((size_t)4096)
/** Bytes of what describe writes. */
#define KIST_DESCRIBE_SIZE_MAX ((size_t)256 << 10)
/** Bytes of a text that a task gives, as JSON. */
#define KIST_WORKER_TEXT_SIZE_MAX ((size_t)16 << 20)
/** What EXAMINED says of one sample: bytes of its parts, and of its description.  Both fit one message. */
#define KIST_EXAMINED_PARTS_SIZE_MAX ((size_t)12 << 10)
#define KIST_EXAMINED_INFO_SIZE_MAX  ((size_t)12 << 10)

/** The source that belongs to the call; smaller numbers are the sources of objects. */
#define KIST_SOURCE_OF_CALL KIST_WORKER_OBJECTS_MAX

/** Exit status of a worker that lost its socket, or got from it what it cannot understand. */
#define KIST_WORKER_EXIT_LOST 113
/** Exit status of a child that could not execute kist-worker. */
#define KIST_WORKER_EXIT_EXEC 127

/** In VALIDATE and DESCRIBE: one instance is for both. */
#define KIST_KEEP 1u

#define KIST_OP_IN_WINDOW 0x80000000u

enum kist_op {
	KIST_OP_CONFIG = 1,
	KIST_OP_WINDOW,
	KIST_OP_PING,
	KIST_OP_LOAD,
	KIST_OP_PROBE,
	KIST_OP_LAYOUT,
	KIST_OP_VALIDATE,
	KIST_OP_DESCRIBE,
	KIST_OP_DESERIALIZE,
	KIST_OP_SERIALIZE,
	KIST_OP_CONVERT,
	KIST_OP_DROP,
	KIST_OP_DATA,
	KIST_OP_ACK,
	KIST_OP_EXAMINE,
	KIST_OP_MAKE,
	KIST_OP_FETCH,
	KIST_OP_CALL_TASK,
	KIST_OP_ROWS,
	KIST_OP_LANES,

	KIST_OP_READY = 64,
	KIST_OP_RETURN,
	KIST_OP_LOG,
	KIST_OP_PROGRESS,
	KIST_OP_READ,
	KIST_OP_PART,
	KIST_OP_END,
	KIST_OP_WRITE,
	KIST_OP_LAYOUT_PARTS,
	KIST_OP_ISSUE,
	KIST_OP_EXAMINED,
	KIST_OP_RESULTS,
};

enum kist_window { KIST_WINDOW_IN = 0, KIST_WINDOW_RING = 1 };

/** What an argument of a task stands for in CALL_TASK. */
enum kist_task_pass {
	KIST_PASS_BITS = 1,   /* u64: the bits of a scalar */
	KIST_PASS_BYTES = 2,  /* bytes, and a NUL that is not counted */
	KIST_PASS_OBJECT = 3, /* u64: an object */
	KIST_PASS_COUNT = 4   /* u32: the argument whose elements are counted */
};

/** How an object is made of what a task wrote to a region. */
enum kist_task_form {
	KIST_FORM_ITSELF = 0, /* tensor*, object* */
	KIST_FORM_BYTES = 1,
	KIST_FORM_TEXT = 2, /* a value: a string of that text */
	KIST_FORM_JSON = 3  /* a value: that text is JSON */
};

/** Who speaks in the text of RETURN. */
enum kist_why {
	KIST_WHY_PLUGIN = 0, /* the plugin, through kist_call.fail */
	KIST_WHY_BREACH = 1, /* the worker: the plugin broke the contract */
	KIST_WHY_SILENT = 2, /* nobody: it failed without saying why */
	KIST_WHY_WORKER = 3, /* the worker itself: loading, converting, no memory */
};

enum kist_cancel { KIST_CANCEL_NO = 0, KIST_CANCEL_ASKED = 1, KIST_CANCEL_DEADLINE = 2 };

/** What of the plugin runs: what the call is for, or what goes before and after it. */
enum kist_within {
	KIST_WITHIN_CALL = 0,
	KIST_WITHIN_OPEN = 1,
	KIST_WITHIN_CLOSE = 2,
	KIST_WITHIN_RELEASE = 3
};

/** struct kist_control - The shared page. */
struct kist_control {
	atomic_uint cancel;		       /* enum kist_cancel */
	atomic_uint within;		       /* enum kist_within, if the worker is to be believed */
	atomic_uint lanes[KIST_CONTROL_LANES]; /* enum kist_cancel, of lane 1 and so on */
};
_Static_assert(sizeof(struct kist_control) <= KIST_CONTROL_SIZE, "it is one page");

/** Where the input of a call comes from. */
enum kist_input_kind { KIST_INPUT_NONE = 0, KIST_INPUT_FD = 1, KIST_INPUT_HOST = 2 };

#endif
