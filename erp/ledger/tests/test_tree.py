"""Roots and proofs against the vectors of Certificate Transparency, and every tree of up to 130 leaves."""

from __future__ import annotations

from hashlib import sha256

import pytest

from erp.ledger import tree

# The reference implementation's leaves and the roots of its trees of 1 to 8 of them.
LINES = [
    bytes.fromhex(text)
    for text in (
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"
    )
]  # fmt: skip
ROOTS = [
    bytes.fromhex(text)
    for text in (
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    )
]
# (leaf from 1, tree size): inclusion proof; (old, new): consistency proof. From the same tests.
INCLUSION = {
    (1, 1): [],
    (1, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (6, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (3, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
    (2, 5): [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
CONSISTENCY = {
    (1, 1): [],
    (1, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 5): [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
LARGEST = 130
HASHES = [sha256(bytes([number])).digest() for number in range(LARGEST)]


def root(hashes: list[bytes]) -> bytes:
    """MTH of RFC 9162, section 2.1.1, word for word."""
    if len(hashes) < 2:
        return hashes[0] if hashes else sha256(b"").digest()
    half = 1
    while half * 2 < len(hashes):
        half *= 2
    return sha256(b"\x01" + root(hashes[:half]) + root(hashes[half:])).digest()


ALL_ROOTS = [root(HASHES[:size]) for size in range(LARGEST + 1)]
_known: dict[tree.Range, bytes] = {}


def proof(path: list[tree.Range], hashes: list[bytes] = HASHES) -> list[bytes]:
    if hashes is not HASHES:
        return [root(hashes[start:end]) for start, end in path]
    return [
        _known.setdefault(part, root(hashes[slice(*part)])) if part not in _known else _known[part] for part in path
    ]


@pytest.mark.parametrize("size", range(1, 9))
def test_roots_of_the_reference_implementation(size: int) -> None:
    frontier = tree.Frontier()
    assert frontier.root() == tree.EMPTY_ROOT == sha256(b"").digest()
    for line in LINES[:size]:
        frontier.append(tree.leaf_hash(line))
    assert (frontier.size, frontier.root()) == (size, ROOTS[size - 1])


@pytest.mark.parametrize(("leaf", "size"), INCLUSION)
def test_inclusion_proofs_of_the_reference_implementation(leaf: int, size: int) -> None:
    hashes = [tree.leaf_hash(line) for line in LINES]
    found = proof(tree.inclusion_path(leaf - 1, size), hashes)
    assert [part.hex() for part in found] == INCLUSION[leaf, size]
    assert tree.verify_inclusion(leaf - 1, size, hashes[leaf - 1], found, ROOTS[size - 1])


@pytest.mark.parametrize(("old", "new"), CONSISTENCY)
def test_consistency_proofs_of_the_reference_implementation(old: int, new: int) -> None:
    hashes = [tree.leaf_hash(line) for line in LINES]
    found = proof(tree.consistency_path(old, new), hashes)
    assert [part.hex() for part in found] == CONSISTENCY[old, new]
    assert tree.verify_consistency(old, new, ROOTS[old - 1], ROOTS[new - 1], found)


def test_frontier_of_every_size_has_the_root() -> None:
    frontier, completed = tree.Frontier(), {}
    for size, hashed in enumerate(HASHES, start=1):
        frontier.append(hashed, lambda level, index, node: completed.update({(level, index): node}))
        assert frontier.root() == ALL_ROOTS[size]
        assert frontier.nodes == proof(list(tree.subtrees(0, size)))
    wanted = {(level, index) for level in range(1, 8) for index in range(LARGEST >> level)}
    assert completed == {(level, index): root(HASHES[index << level : (index + 1) << level]) for level, index in wanted}


def test_every_inclusion_proof_holds_and_no_altered_one() -> None:
    for size in range(1, LARGEST + 1):
        for index in range(size):
            found, leaf = proof(tree.inclusion_path(index, size)), HASHES[index]
            assert tree.verify_inclusion(index, size, leaf, found, ALL_ROOTS[size])
            assert len(found) <= (size - 1).bit_length()
            assert not tree.verify_inclusion(
                index, size, HASHES[index - 1] if size > 1 else b"", found, ALL_ROOTS[size]
            )
            assert not tree.verify_inclusion(index, size, leaf, [*found, leaf], ALL_ROOTS[size])
            if found:
                assert not tree.verify_inclusion(index, size, leaf, found[:-1], ALL_ROOTS[size])
                assert not tree.verify_inclusion(index ^ 1, size, leaf, found, ALL_ROOTS[size])
                # A mark on any one hash: the place changes with the index, so each is met.
                place = index % len(found)
                assert not tree.verify_inclusion(
                    index, size, leaf, [*found[:place], bytes(32), *found[place + 1 :]], ALL_ROOTS[size]
                )


def test_every_consistency_proof_holds_and_no_altered_one() -> None:
    for new in range(1, LARGEST + 1):
        for old in range(1, new + 1):
            found = proof(tree.consistency_path(old, new))
            roots = ALL_ROOTS[old], ALL_ROOTS[new]
            assert tree.verify_consistency(old, new, *roots, found)
            assert not tree.verify_consistency(old, new, roots[0], bytes(32), found)
            assert not tree.verify_consistency(old, new, bytes(32), roots[1], found)
            assert not tree.verify_consistency(old, new, *roots, [*found, bytes(32)])
            if found:
                assert not tree.verify_consistency(old, new, *roots, found[:-1])
                place = (old + new) % len(found)
                assert not tree.verify_consistency(old, new, *roots, [*found[:place], bytes(32), *found[place + 1 :]])


def test_a_tree_of_nothing_is_the_beginning_of_every_tree() -> None:
    assert tree.consistency_path(0, 5) == []
    assert tree.verify_consistency(0, 5, tree.EMPTY_ROOT, ALL_ROOTS[5], [])
    assert not tree.verify_consistency(0, 5, ALL_ROOTS[1], ALL_ROOTS[5], [])
    assert not tree.verify_consistency(5, 0, ALL_ROOTS[5], tree.EMPTY_ROOT, [])


@pytest.mark.parametrize(("index", "size"), [(-1, 3), (3, 3), (0, 0)])
def test_a_leaf_outside_the_tree_has_no_proof(index: int, size: int) -> None:
    with pytest.raises(ValueError, match=f"Leaf {index} is not in a tree of {size}"):
        tree.inclusion_path(index, size)
    assert not tree.verify_inclusion(index, size, HASHES[0], [], HASHES[0])


def test_a_smaller_tree_can_not_contain_a_larger_one() -> None:
    with pytest.raises(ValueError, match="A tree of 3 can't contain one of 4"):
        tree.consistency_path(4, 3)


def test_a_proof_of_the_wrong_length_is_refused_even_with_a_root_made_for_it() -> None:
    leaf, extra = HASHES[0], HASHES[9]
    assert not tree.verify_inclusion(0, 2, leaf, [], leaf)
    assert not tree.verify_inclusion(0, 1, leaf, [extra], tree.node_hash(extra, leaf))
    assert not tree.verify_consistency(1, 3, leaf, tree.node_hash(leaf, extra), [extra])
    found = proof(tree.consistency_path(3, 4))
    old, new = (tree.node_hash(extra, whole) for whole in (ALL_ROOTS[3], ALL_ROOTS[4]))
    assert not tree.verify_consistency(3, 4, old, new, [*found, extra])
