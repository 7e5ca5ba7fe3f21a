"""Files that may come from elsewhere: data, looked at before anything is believed or allocated."""
import math
import os
import struct

import numpy as np

from tinyrlhf.saving import open_regular


def read_text(path, at_most=2**24):
    """The UTF-8 text of a regular file of bounded size."""
    with open_regular(path, at_most) as file:
        return file.read().decode()


def arrays_in(path, at_most=2**30):
    """{name: array} of an .npz file as `np.savez` writes it, of at most so many bytes.

    Sizes are compared before anything is allocated: nothing is packed, no name stands twice, each
    array is as large as its header says, and none holds objects.
    """
    with open_regular(path, at_most) as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - 42))
        ending = file.read()  # where it begins with PK67, sizes have 64 bits
        end = struct.unpack("<4s4H2IH", ending[-22:].rjust(22))
        _, _, _, _, count, directory, start, _ = end
        if end[0] != b"PK\5\6" or ending[:4] == b"PK\6\7" or start + directory + 22 != size:
            raise ValueError("expected an archive of arrays that is whole")
        if count > 10_000 or directory > 1000 * count:
            raise ValueError(f"expected at most 10,000 arrays, got {count}")
        flat = {}
        import zipfile  # slow to load, and rarely needed
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
            if len(entries) != count or sum(entry.file_size for entry in entries) > size:
                raise ValueError(f"expected {count} arrays, each of its own, that are not packed")
            for entry in entries:
                name = entry.filename.removesuffix(".npy")
                if entry.compress_type or entry.file_size != entry.compress_size or name in flat:
                    raise ValueError(f"{name}: expected it once, and not packed")
                with archive.open(entry) as part:
                    flat[name] = read_array(part, name, entry.file_size)
    return flat


def read_array(file, name, size):
    """The array of a .npy file of this size in bytes, checked before it is made."""
    form = np.lib.format
    readers = {(1, 0): form.read_array_header_1_0, (2, 0): form.read_array_header_2_0}
    shape, fortran, dtype = readers[form.read_magic(file)](file)
    if dtype.hasobject or math.prod(shape) * dtype.itemsize != size - file.tell():
        raise ValueError(f"{name}: expected {size - file.tell()} bytes of numbers or text, its "
                         f"header says {dtype} {shape}")
    data = bytearray(file.read())
    return np.ndarray(shape, dtype, data, order="F" if fortran else "C")


def check_saved(flat, made_of=None):
    """Refuse a state with NaN or infinity, or other than the one that it was made into.

    A part that takes what it is given says in its own state what it has made of it.
    """
    made_of = flat if made_of is None else made_of
    for name in dict.fromkeys([*made_of, *flat]):
        if name not in flat or name not in made_of:
            wanted = "no" if name in flat else "an"
            raise ValueError(f"{name}: expected {wanted} entry of this name")
        given, expected = np.asarray(flat[name]), np.asarray(made_of[name])
        if (given.dtype, given.shape) != (expected.dtype, expected.shape):
            raise ValueError(f"{name}: expected {expected.dtype} {expected.shape}, got "
                             f"{given.dtype} {given.shape}")
        if given.dtype.kind == "f" and not np.isfinite(given).all():
            raise ValueError(f"{name}: expected finite numbers, got NaN or infinity")
        if given.tobytes() != expected.tobytes():
            raise ValueError(f"{name}: expected other values")
