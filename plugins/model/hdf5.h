/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MODEL_HDF5_H
#define MODEL_HDF5_H

#include "kept.h"

/*
 * The superblock of an HDF5 file: what it says of the file, and no more of it is read.
 *
 * Thread: pure, but for the source.
 * Source: HDF5 File Format Specification 4.0, section II.
 */

#define HDF5_MAGIC_SIZE 8
/** What an HDF5 file, or the part of it behind a user's block, begins with. */
extern const uint8_t hdf5_magic[HDF5_MAGIC_SIZE];

/** hdf5_look() - Writes ,"superblock":{...}.  Errors: those of hdf5.md, with @kept->fault set. */
kist_status hdf5_look(const struct kept *kept);

#endif
