"""The roster, whatever program saved it; whose a folder is; codes in the place of names."""

import pytest

from labkit.course.people.codes import codes, read_key
from labkit.course.people.roster import Roster, read_roster

PLAIN = "id,name,e-mail\nal12,Ada Lovelace,ada@example.edu\ngh07,Grace Hopper,grace@example.edu\n"


def saved(folder, text, encoding="utf-8"):
    path = folder / "students.csv"
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize(
    "text, encoding",
    [
        (PLAIN, "utf-8"),
        (PLAIN, "utf-8-sig"),
        (PLAIN.replace(",", ";"), "utf-8-sig"),
        (PLAIN.replace(",", "\t"), "utf-16"),
        (PLAIN.replace("\n", "\r\n") + "\r\n;;\r\n,,\r\n", "utf-8"),
        (" ID , Name ,E-Mail \n al12 , Ada  Lovelace ,ada@example.edu \ngh07,Grace Hopper,grace@example.edu", "utf-8"),
        ("E-mail address,Surname,First name,Username\n" + "ada@example.edu,Lovelace,Ada,al12\n"
         "grace@example.edu,Hopper,Grace,gh07\n", "utf-8"),
    ],
)  # fmt: skip
def test_a_roster_is_read_as_any_program_saves_it(tmp_path, text, encoding):
    found = read_roster(saved(tmp_path, text, encoding))
    assert [(s.id, " ".join(s.name.split()), s.email) for s in found] == [
        ("al12", "Ada Lovelace", "ada@example.edu"),
        ("gh07", "Grace Hopper", "grace@example.edu"),
    ]


def test_letters_of_windows_and_names_with_commas_survive(tmp_path):
    text = 'id;name;mail\nz1;"Østergård, Zoë";z@x.org\n'
    for encoding in ("cp1252", "utf-8"):
        (student,) = read_roster(saved(tmp_path, text, encoding))
        assert student.name == "Østergård, Zoë"


def test_the_gradebook_that_canvas_exports_is_a_roster(tmp_path):
    text = (
        "Student,ID,SIS User ID,SIS Login ID,Section,Lab 3 (77)\n"
        "    Points Possible,,,,,100\n"
        '"Lovelace, Ada",901,S1,al12,Group A,\n'
    )
    (student,) = read_roster(saved(tmp_path, text))
    assert (student.id, student.name, student.other["id"], student.other["section"]) == (
        "al12", "Lovelace, Ada", "901", "Group A",
    )  # fmt: skip


@pytest.mark.parametrize(
    "text, said",
    [
        ("ada,Ada Lovelace\n", "the first line must name the columns"),
        ("id,name\nada,A\n,B\n", "line 3: there is no id"),
        ("id,name\nada,A\nbob,B\nADA,C\n", "line 4: ADA is in line 2 already"),
        ("id,name\n", "no students"),
        ("", "the first line must name"),
    ],
)
def test_a_roster_that_is_none_is_refused_with_its_line(tmp_path, text, said):
    with pytest.raises(ValueError, match=said):
        read_roster(saved(tmp_path, text))


def test_a_folder_is_found_by_id_address_or_name_and_never_guessed(tmp_path):
    roster = Roster(
        read_roster(
            saved(
                tmp_path,
                "id,name,e-mail\nal12,Ada Lovelace,ada@example.edu\nb1,Bob Li,bob@one.org\nb2,Bo Li,bob@two.org\n"
                "b3,Li Bo,\nada,Ada Other,x@y.z\n",
            )
        )
    )
    for name in ("al12", "AL12", "ada@example.edu", "Lovelace, Ada", "ada_lovelace", "ADA LOVELACE"):
        assert roster.find(name).id == "al12", name
    assert roster.find("ada").id == "ada"  # an id is what it is, whoever's address begins so
    assert roster.find("bob") is None and roster.find("Bo Li") is None  # two of each
    assert roster.find("bob@two.org").id == "b2" and roster.find("") is None
    assert [s.id for s in roster.missing(["al12", "Bob Li", "eve"])] == ["b2", "b3", "ada"]
    assert roster.strangers(["al12", "eve", "Bo Li"]) == ["eve", "Bo Li"]


def test_codes_stay_and_only_the_key_knows_them(tmp_path):
    names = ["ada", "=grace", "Zoë", "__x"]
    first = codes(tmp_path / "codes.csv", names)
    assert len(set(first.values())) == 4 and not any(n.strip("=_") in c for n, c in first.items())
    again = codes(tmp_path / "codes.csv", ["new", *reversed(names)])
    assert {name: again[name] for name in names} == first and again["new"] not in first.values()
    assert read_key(tmp_path / "codes.csv") == {code: name for name, code in again.items()}
    other = codes(tmp_path / "other.csv", names)
    assert set(other.values()).isdisjoint(first.values())  # nothing of the name is in a code
    with pytest.raises(ValueError, match="code and student"):
        read_key(saved(tmp_path, PLAIN))
