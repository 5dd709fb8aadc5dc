"""The Merkle tree of RFC 9162, section 2.1: hashes, roots, and proofs as ranges of leaves. Touches no database."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

EMPTY_ROOT = sha256().digest()
Range = tuple[int, int]  # leaves from `start` up to, not including, `end`
Completed = Callable[[int, int, bytes], None]  # level, index in the level, hash


def leaf_hash(line: bytes) -> bytes:
    """Hash of one leaf, 32 bytes. The prefix keeps a leaf from passing as a node."""
    return sha256(b"\x00" + line).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash over two subtrees, 32 bytes."""
    return sha256(b"\x01" + left + right).digest()


@dataclass
class Frontier:
    """Roots of the complete subtrees that make up the first `size` leaves, largest first: enough to grow and to tell the root."""

    size: int = 0
    nodes: list[bytes] = field(default_factory=list)

    def append(self, leaf: bytes, completed: Completed | None = None) -> None:
        """Add one leaf hash. `completed` is told of every subtree of two leaves or more that this leaf completes."""
        index, level, hashed = self.size, 0, leaf
        while index & 1:
            hashed = node_hash(self.nodes.pop(), hashed)
            index >>= 1
            level += 1
            if completed:
                completed(level, index, hashed)
        self.nodes.append(hashed)
        self.size += 1

    def root(self) -> bytes:
        """Root of the whole tree; of no leaves at all it is SHA-256 of nothing."""
        return fold(self.nodes)


def fold(nodes: Sequence[bytes]) -> bytes:
    """Root over complete subtrees that stand side by side, each smaller than the one before it."""
    if not nodes:
        return EMPTY_ROOT
    hashed = nodes[-1]
    for left in reversed(nodes[:-1]):
        hashed = node_hash(left, hashed)
    return hashed


def complete_root(hashes: Sequence[bytes]) -> bytes:
    """Root over equally large complete subtrees; their number must be a power of two."""
    while len(hashes) > 1:
        hashes = [node_hash(hashes[i], hashes[i + 1]) for i in range(0, len(hashes), 2)]
    return hashes[0]


def subtrees(start: int, end: int) -> Iterator[Range]:
    """The complete subtrees, largest first, that make up a range of leaves as it occurs in a proof."""
    while start < end:
        width = 1 << ((end - start).bit_length() - 1)
        yield start, start + width
        start += width


def inclusion_path(index: int, size: int) -> list[Range]:
    """Ranges whose roots prove that leaf `index` (from 0) is in a tree of `size`, from the leaf up (RFC 9162, 2.1.3.1).

    Raises: ValueError: there is no such leaf.
    """
    if not 0 <= index < size:
        raise ValueError(f"Leaf {index} is not in a tree of {size}: give an index from 0 to {size - 1}.")
    path: list[Range] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append((middle, end))
            end = middle
        else:
            path.append((start, middle))
            start = middle
    return path[::-1]


def consistency_path(old: int, new: int) -> list[Range]:
    """Ranges whose roots prove that the first `old` leaves of a tree of `new` are the earlier tree (RFC 9162, 2.1.4.1).

    Raises: ValueError: the new tree is smaller.
    """
    if not 0 <= old <= new:
        raise ValueError(f"A tree of {new} can't contain one of {old}: give the smaller size first.")
    if old in {0, new}:
        return []
    path: list[Range] = []
    start, end = 0, new
    while old != end:
        middle = start + _split(end - start)
        if old <= middle:
            path.append((middle, end))
            end = middle
        else:
            path.append((start, middle))
            start = middle
    if start:  # else: the verifier holds this root already, as that of the old tree
        path.append((start, end))
    return path[::-1]


def verify_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether the proof leads from this leaf hash to the root (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    node, last, hashed = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if node & 1 or node == last:
            hashed = node_hash(sibling, hashed)
            node, last = _above_left_edge(node, last)
        else:
            hashed = node_hash(hashed, sibling)
        node >>= 1
        last >>= 1
    return last == 0 and hashed == root


def verify_consistency(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the proof shows the old tree as the beginning of the new one (RFC 9162, 2.1.4.2)."""
    if not 0 < old < new:
        same = old == new and old_root == new_root
        return not proof and (same or (old == 0 < new and old_root == EMPTY_ROOT))
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    if not path:
        return False
    node, last = old - 1, new - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    old_hash = new_hash = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            old_hash, new_hash = node_hash(sibling, old_hash), node_hash(sibling, new_hash)
            node, last = _above_left_edge(node, last)
        else:
            new_hash = node_hash(new_hash, sibling)
        node >>= 1
        last >>= 1
    return last == 0 and old_hash == old_root and new_hash == new_root


def _split(size: int) -> int:
    """The largest power of two below `size`: how many leaves the left half has."""
    return 1 << ((size - 1).bit_length() - 1)


def _above_left_edge(node: int, last: int) -> Range:
    """Skip the levels on which an unpaired last node has no sibling."""
    while node and not node & 1:
        node, last = node >> 1, last >> 1
    return node, last
