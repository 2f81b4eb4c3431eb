"""Every error that Footnote raises on purpose.

FootnoteError
├── UsageError                the request itself is wrong (exit code 2)
│   ├── SettingsError         an unknown or invalid setting
│   ├── QuestionError         an empty or over-long question
│   ├── EvaluationError       questions or a report that cannot be read, or an unknown measure
│   ├── UserError             a user's name or password that will not do, or no such user
│   └── ApiKeyError           a key's name or limit that will not do, or no such key
├── LibraryError              the library cannot do what was asked
│   ├── LibraryMissing        nothing has been added yet
│   ├── LibraryInUse          another process writes to it (retry later)
│   ├── LibraryIncompatible   made by another embedder or a newer version
│   ├── LibraryDamaged        the catalogue is not readable
│   ├── IndexUnavailable      the Chroma server does not answer (retry later)
│   ├── IndexDamaged          the Chroma server has lost something of the index
│   ├── CatalogUnavailable    the catalogue's server is down or cannot be reached (retry later)
│   ├── CatalogRefused        it refuses the login or the database
│   ├── BackupError           a file that is no backup, or a damaged one
│   ├── DocumentNotFound      no document by that id, name or path
│   ├── ConversationNotFound  no conversation or turn by that id
│   ├── ConversationBusy      an answer is being written in it (retry later)
│   ├── OriginalGone          the file of a document is gone, or is another one now
│   ├── CollectionNotFound    no collection by that id
│   ├── UploadNotFound        no upload by that id
│   ├── ServerGone            the running Footnote that was asked has ended (retry)
│   ├── SyncRefused           a folder is gone, or too much would be removed
│   └── StorageError          no space, no permission, not a folder
├── LoadError                 one file could not be read
│   ├── UnknownFormat         not a format that Footnote reads
│   ├── EmptyDocument         no text in it
│   ├── EncryptedDocument     needs a password
│   ├── BrokenDocument        not what its name says, or damaged
│   └── LimitExceeded         too large, too slow or too much memory
├── ClusterError              the Ray cluster is not to be had, or fails (retry later)
└── ModelError                a model is not to be had or does not answer
    ├── ArtifactError         a model file is missing or has a wrong hash
    ├── MissingExtra          a Python package or key that this needs is missing
    ├── BadModelAnswer        what a model's server answered is no answer
    └── ModelUnavailable      the model does not answer (retry later)
        └── ModelPaused       it failed too often, and is left alone for some seconds (retry then)

Each message is one line that says what happened, to which file or setting, and what to do.
"""

from __future__ import annotations


class FootnoteError(Exception):
    """Base of all errors; `retryable` says whether the same call may succeed later."""

    retryable = False
    exit_code = 1


class UsageError(FootnoteError):
    """The request itself is wrong."""

    exit_code = 2


class SettingsError(UsageError):
    """An unknown or invalid setting."""


class QuestionError(UsageError):
    """An empty or over-long question."""


class EvaluationError(UsageError):
    """Questions or a report that an evaluation cannot read, or a measure that it does not know."""


class UserError(UsageError):
    """A name or password that will not do, a user who is not there, or one who is there already."""


class ApiKeyError(UsageError):
    """A name or limit that will not do, a key that is not there, or one that is there already."""


class LibraryError(FootnoteError):
    """The library cannot do what was asked."""


class LibraryMissing(LibraryError):
    """Nothing has been added yet."""


class LibraryInUse(LibraryError):
    """Another process writes to the library."""

    retryable = True


class LibraryIncompatible(LibraryError):
    """The library was made by another embedder or by a newer version of Footnote."""


class LibraryDamaged(LibraryError):
    """The catalogue is not readable, or not as it was left; `reason` says what was found."""

    def __init__(self, message: str, *, reason: str = "") -> None:
        super().__init__(message)
        self.reason = reason


class IndexUnavailable(LibraryError):
    """The Chroma server does not answer; a library that is too large is not searched without it."""

    retryable = True

    def __init__(self, what: str, *, advice: str = "") -> None:
        super().__init__(f"{what}: {advice}" if advice else what)
        self.what, self.advice = what, advice


class IndexDamaged(LibraryError):
    """The Chroma server has lost something of the index, which has to be made again."""

    def __init__(self, what: str, *, advice: str = "") -> None:
        super().__init__(f"{what}: {advice}" if advice else what)
        self.what, self.advice = what, advice


class CatalogUnavailable(LibraryError):
    """The server of the catalogue is down, or cannot be reached."""

    retryable = True


class CatalogRefused(LibraryError):
    """The server of the catalogue refuses the login, or the database cannot be used."""


class BackupError(LibraryError):
    """The file is not a backup of a library, or a damaged one."""


class DocumentNotFound(LibraryError):
    """No document in the library by that id, name or path."""


class ConversationNotFound(LibraryError):
    """There is no conversation, or no turn of one, by that id."""


class ConversationBusy(LibraryError):
    """An answer is being written in the conversation; the next question comes after it."""

    retryable = True


class OriginalGone(LibraryError):
    """The file that a document was made from is gone, or is not the same any more."""


class CollectionNotFound(LibraryError):
    """No collection by that id."""


class UploadNotFound(LibraryError):
    """No upload by that id."""


class ServerGone(LibraryError):
    """The Footnote that runs on the library, and was asked to do something, has ended or does not answer."""

    retryable = True


class SyncRefused(LibraryError):
    """A folder to be equal to is not there, or too much of the library would be removed."""


class StorageError(LibraryError):
    """The disk is full, or the folder cannot be read or written."""


class LoadError(FootnoteError):
    """One file could not be read."""


class UnknownFormat(LoadError):
    """Not a format that Footnote reads."""


class EmptyDocument(LoadError):
    """There is no text in the file."""


class EncryptedDocument(LoadError):
    """The file needs a password."""


class BrokenDocument(LoadError):
    """The file is damaged, or not what its name says."""


class LimitExceeded(LoadError):
    """The file is too large, or took too long or too much memory to read."""


class ClusterError(FootnoteError):
    """The cluster that files are read on is not to be had, or does not do its work."""

    retryable = True


class ModelError(FootnoteError):
    """A model is not to be had, or does not answer."""


class ArtifactError(ModelError):
    """A model file is missing, or its hash is wrong."""


class MissingExtra(ModelError):
    """A Python package that this needs, or a model's API key, is missing."""


class BadModelAnswer(ModelError):
    """What the server of a model answered is no answer: too few vectors, no numbers, a page of HTML."""


class ModelUnavailable(ModelError):
    """The model does not answer; `again_s` are the seconds after which to ask again, where they are known."""

    retryable = True

    def __init__(self, message: str, *, again_s: float | None = None) -> None:
        super().__init__(message)
        self.again_s = again_s


class ModelPaused(ModelUnavailable):
    """The model's server failed too often, and is left alone for some seconds."""
