from dataclasses import replace
from datetime import datetime, timedelta
from functools import reduce
from uuid import UUID

import pytest

from domain.identity.person import (
    INITIAL,
    ChangeName,
    ChangePassword,
    ChangePhone,
    CodeIssued,
    CodeUsed,
    ExpireSession,
    Forget,
    Forgotten,
    GrantRole,
    IssueCode,
    Method,
    OpenSession,
    PasswordChanged,
    PhoneChanged,
    Purpose,
    RefreshSession,
    Register,
    Registered,
    Renamed,
    RevokeRole,
    RevokeSession,
    RoleGranted,
    RoleRevoked,
    SessionExpired,
    SessionOpened,
    SessionRefreshed,
    SessionRevoked,
    SignInFailed,
    evolve,
)
from domain.identity.person.proofs import CODE_ATTEMPTS, CODE_LIFE, LOCK_OUT, PASSWORD_FAILURES
from domain.identity.person.sessions import REPEATABLE, SESSION_LIFE, SESSIONS
from domain.identity.person.state import CODES_PER_HOUR, Person
from domain.kernel import ANONYMOUS, Actor, Reason
from tests.scenario import ANN, BOB, NOON, SYSTEM, Given, given

NAME_CLAIM, PHONE_CLAIM = "name-" + "0a" * 16, "phone-" + "0b" * 16
OTHER_NAME, OTHER_PHONE = "name-" + "1a" * 16, "phone-" + "1b" * 16
HASH, OTHER_HASH = "$argon2id$stored", "$argon2id$other"
CODE, WRONG = b"c" * 32, b"w" * 32
OLD, NEW, NEWEST = b"1" * 32, b"2" * 32, b"3" * 32
PHONE_1, LAPTOP = UUID(int=0xD1), UUID(int=0xD2)
S1, S2 = UUID(int=0x51), UUID(int=0x52)

REGISTER = Register("ann", "+4930123456", NAME_CLAIM, PHONE_CLAIM, HASH)
REGISTERED = Registered("ann", "+4930123456", NAME_CLAIM, PHONE_CLAIM, HASH)


def nobody() -> Given:
    return given(to=ANN)


def ann(*events: object) -> Given:
    return given(REGISTERED, *events, to=ANN)


def code(purpose: Purpose = Purpose.SIGN_IN, at: datetime = NOON) -> CodeIssued:
    return CodeIssued(purpose, CODE, at, at + CODE_LIFE)


def opened(session: UUID, device_id: UUID = PHONE_1, at: datetime = NOON) -> SessionOpened:
    return SessionOpened(session, "Phone", device_id, Method.CODE, OLD, at, at + SESSION_LIFE, ())


def by_code(code_hash: bytes = CODE, session: UUID = S1, device_id: UUID = PHONE_1) -> OpenSession:
    return OpenSession(session, "Phone", device_id, OLD, code_hash=code_hash)


def by_password(verified_hash: str = HASH, session: UUID = S1, device_id: UUID = PHONE_1) -> OpenSession:
    return OpenSession(session, "Phone", device_id, OLD, verified_hash=verified_hash)


class TestRegistering:
    @pytest.mark.parametrize("actor", [ANONYMOUS, SYSTEM])
    def test_somebody_new_gets_an_account(self, actor: Actor) -> None:
        nobody().when(REGISTER, by=actor).then(REGISTERED)

    def test_a_password_is_not_needed(self) -> None:
        nobody().when(replace(REGISTER, password_hash=None), by=ANONYMOUS).then(replace(REGISTERED, password_hash=None))

    def test_an_account_is_made_once(self) -> None:
        ann().when(REGISTER, by=ANONYMOUS).rejected("already_registered", Reason.CONFLICT)

    def test_who_is_signed_in_has_an_account(self) -> None:
        nobody().when(REGISTER, by=BOB).rejected("not_yours", Reason.FORBIDDEN)

    @pytest.mark.parametrize("name", ["", " ", " ann", "ann ", "x" * 65, "an\nn", "\u202eann", "\ud800"])
    def test_a_name_is_one_short_line(self, name: str) -> None:
        nobody().when(replace(REGISTER, name=name), by=ANONYMOUS).rejected("name_invalid", Reason.INVALID)

    @pytest.mark.parametrize(
        "phone", ["", "030 123456", "+0301234567", "+1234567890123456", "+4930123456\n", "+٤٩٣٠١٢٣٤٥"]
    )
    def test_a_phone_number_is_in_e164(self, phone: str) -> None:
        nobody().when(replace(REGISTER, phone=phone), by=ANONYMOUS).rejected("phone_invalid", Reason.INVALID)

    def test_claims_are_of_the_right_kind(self) -> None:
        crossed = replace(REGISTER, name_claim=PHONE_CLAIM), replace(REGISTER, phone_claim="phone-4930123456x")
        for command in crossed:
            nobody().when(command, by=ANONYMOUS).rejected("claim_invalid", Reason.INVALID)

    @pytest.mark.parametrize("password_hash", ["", "x" * 257, "ünïcode"])
    def test_a_password_hash_is_short_and_ascii(self, password_hash: str) -> None:
        command = replace(REGISTER, password_hash=password_hash)
        nobody().when(command, by=ANONYMOUS).rejected("password_invalid", Reason.INVALID)

    @pytest.mark.parametrize("id", ["ann", str(ANN).upper(), str(ANN).replace("-", ""), ""])
    def test_the_id_of_a_person_is_a_uuid(self, id: str) -> None:  # noqa: A002
        given(to=id).when(REGISTER, by=ANONYMOUS).rejected("id_invalid", Reason.INVALID)

    @pytest.mark.parametrize(
        "command",
        [
            ChangeName("anna", OTHER_NAME),
            ChangePhone("+15550100", OTHER_PHONE),
            ChangePassword(HASH),
            IssueCode(CODE),
            by_code(),
            RefreshSession(S1, OLD, NEW),
            RevokeSession(S1),
            ExpireSession(S1, NOON),
            GrantRole("operator"),
            RevokeRole("operator"),
        ],
    )
    def test_nothing_happens_to_an_account_that_is_not_there(self, command: object) -> None:
        nobody().when(command, by=SYSTEM).rejected("person_unknown", Reason.NOT_FOUND)


class TestChanging:
    def test_a_new_name_tells_which_claim_to_release(self) -> None:
        renamed = ann().when(ChangeName("anna", OTHER_NAME), by=ANN)
        renamed.then(Renamed("anna", OTHER_NAME, NAME_CLAIM)).when(ChangeName("anna", OTHER_NAME), by=ANN).then()

    def test_another_spelling_keeps_the_claim(self) -> None:
        ann().when(ChangeName("Ann", NAME_CLAIM), by=ANN).then(Renamed("Ann", NAME_CLAIM, NAME_CLAIM))

    def test_a_new_phone_number_tells_which_claim_to_release(self) -> None:
        changed = ann().when(ChangePhone("+15550100", OTHER_PHONE), by=ANN)
        after = changed.then(PhoneChanged("+15550100", OTHER_PHONE, PHONE_CLAIM))
        after.when(ChangePhone("+15550100", OTHER_PHONE), by=ANN).then()

    def test_the_system_may_do_it_for_somebody(self) -> None:
        ann().when(ChangeName("anna", OTHER_NAME), by=SYSTEM).accepted()

    @pytest.mark.parametrize(
        "command", [ChangeName("anna", OTHER_NAME), ChangePhone("+15550100", OTHER_PHONE), ChangePassword(OTHER_HASH)]
    )
    @pytest.mark.parametrize("actor", [ANONYMOUS, BOB])
    def test_nobody_else_may(self, command: object, actor: UUID | Actor) -> None:
        ann().when(command, by=actor).rejected("not_yours", Reason.FORBIDDEN)

    def test_the_same_limits_hold(self) -> None:
        ann().when(ChangeName("x" * 65, OTHER_NAME), by=ANN).rejected("name_invalid", Reason.INVALID)
        ann().when(ChangePhone("0301234", OTHER_PHONE), by=ANN).rejected("phone_invalid", Reason.INVALID)
        ann().when(ChangeName("anna", OTHER_PHONE), by=ANN).rejected("claim_invalid", Reason.INVALID)
        ann().when(ChangePassword(""), by=ANN).rejected("password_invalid", Reason.INVALID)


class TestChangingThePassword:
    def test_the_old_one_proves_it_and_other_devices_are_signed_out(self) -> None:
        changing = ChangePassword(OTHER_HASH, verified_hash=HASH, session=S2)
        changed = ann(opened(S1), opened(S2, LAPTOP)).when(changing, by=ANN)
        after = changed.then(PasswordChanged(OTHER_HASH), SessionRevoked(S1, "password_changed"))
        after.when(changing, by=ANN).then()

    def test_a_code_proves_it_as_well_and_works_once(self) -> None:
        changing = ChangePassword(OTHER_HASH, code_hash=CODE)
        changed = ann(code(Purpose.CHANGE_PASSWORD)).when(changing, by=ANN)
        after = changed.then(CodeUsed(Purpose.CHANGE_PASSWORD), PasswordChanged(OTHER_HASH))
        after.when(replace(changing, password_hash=HASH), by=ANN).rejected("code_expired")

    def test_a_code_for_signing_in_does_not(self) -> None:
        ann(code()).when(ChangePassword(OTHER_HASH, code_hash=CODE), by=ANN).rejected("code_expired", Reason.FORBIDDEN)

    def test_without_proof_it_stays(self) -> None:
        ann().when(ChangePassword(OTHER_HASH), by=ANN).rejected("proof_missing", Reason.INVALID)

    def test_a_wrong_one_counts_as_a_failure(self) -> None:
        failed = SignInFailed(Method.PASSWORD, NOON)
        ann().when(ChangePassword(OTHER_HASH, verified_hash=""), by=ANN).then(failed)
        locked = ann(*[failed] * PASSWORD_FAILURES)
        locked.when(ChangePassword(OTHER_HASH, verified_hash=HASH), by=ANN).rejected("locked_out", Reason.TOO_MANY)

    def test_the_first_one_needs_no_proof(self) -> None:
        without = given(replace(REGISTERED, password_hash=None), to=ANN)
        without.when(ChangePassword(HASH), by=ANN).then(PasswordChanged(HASH))


class TestCodes:
    @pytest.mark.parametrize("actor", [ANONYMOUS, SYSTEM, ANN])
    def test_a_code_lives_ten_minutes(self, actor: UUID | Actor) -> None:
        issued = CodeIssued(Purpose.SIGN_IN, CODE, NOON, NOON + timedelta(minutes=10))
        ann().when(IssueCode(CODE), by=actor).then(issued)

    def test_one_person_does_not_order_codes_for_another(self) -> None:
        ann().when(IssueCode(CODE), by=BOB).rejected("not_yours", Reason.FORBIDDEN)

    def test_five_codes_an_hour(self) -> None:
        person = ann()
        for minute in range(5):
            person = person.when(IssueCode(CODE), by=ANONYMOUS, at=NOON + timedelta(minutes=minute)).accepted()
        almost = NOON + timedelta(hours=1, microseconds=-1)
        person.when(IssueCode(CODE), by=ANONYMOUS, at=almost).rejected("too_many_codes", Reason.TOO_MANY)
        again = person.when(IssueCode(CODE), by=ANONYMOUS, at=NOON + timedelta(hours=1)).accepted()
        again.when(IssueCode(CODE), by=ANONYMOUS, at=NOON + timedelta(hours=1)).rejected("too_many_codes")

    def test_what_is_remembered_of_them_is_bounded(self) -> None:
        codes = [code(at=NOON + timedelta(hours=number)) for number in range(2 * CODES_PER_HOUR)]
        assert reduce(evolve, codes, INITIAL).codes_issued == tuple(each.issued_at for each in codes[CODES_PER_HOUR:])

    @pytest.mark.parametrize("code_hash", [b"", b"x" * 15, b"x" * 65])
    def test_a_hash_has_a_hash_s_length(self, code_hash: bytes) -> None:
        ann().when(IssueCode(code_hash), by=ANONYMOUS).rejected("hash_invalid", Reason.INVALID)


class TestSigningInWithACode:
    def test_the_right_one_opens_a_session_and_is_used_up(self) -> None:
        signed_in = ann(code()).when(by_code(), by=ANONYMOUS).then(CodeUsed(Purpose.SIGN_IN), opened(S1))
        signed_in.when(by_code(session=S2), by=ANONYMOUS).rejected("code_expired", Reason.FORBIDDEN)

    def test_the_session_carries_the_roles(self) -> None:
        operator = ann(RoleGranted("operator"), code())
        used, session = operator.when(by_code(), by=ANONYMOUS).accepted().events[-2:]
        assert (used, session) == (CodeUsed(Purpose.SIGN_IN), replace(opened(S1), roles=("operator",)))

    def test_a_wrong_one_counts_and_five_are_all(self) -> None:
        person = ann(code())
        for _ in range(CODE_ATTEMPTS):
            person = person.when(by_code(WRONG), by=ANONYMOUS).then(SignInFailed(Method.CODE, NOON))
        person.when(by_code(CODE), by=ANONYMOUS).rejected("code_expired", Reason.FORBIDDEN)

    def test_a_new_code_has_new_attempts_and_ends_the_earlier_one(self) -> None:
        tried = ann(code(), *[SignInFailed(Method.CODE, NOON)] * CODE_ATTEMPTS)
        person = tried.when(IssueCode(WRONG), by=ANONYMOUS).accepted()
        person.when(by_code(CODE), by=ANONYMOUS).then(SignInFailed(Method.CODE, NOON))
        person.when(by_code(WRONG), by=ANONYMOUS).accepted()

    def test_an_old_one_is_no_good(self) -> None:
        ann(code()).when(by_code(), by=ANONYMOUS, at=NOON + CODE_LIFE).rejected("code_expired", Reason.FORBIDDEN)
        last = NOON + CODE_LIFE - timedelta(microseconds=1)
        ann(code()).when(by_code(), by=ANONYMOUS, at=last).accepted()

    def test_without_a_code_none_is_right(self) -> None:
        ann().when(by_code(), by=ANONYMOUS).rejected("code_expired", Reason.FORBIDDEN)

    def test_a_code_for_something_else_is_no_good(self) -> None:
        ann(code(Purpose.CHANGE_PASSWORD)).when(by_code(), by=ANONYMOUS).rejected("code_expired", Reason.FORBIDDEN)

    def test_wrong_codes_do_not_lock_the_password(self) -> None:
        tried = ann(*[SignInFailed(Method.CODE, NOON)] * (2 * PASSWORD_FAILURES))
        tried.when(by_password(), by=SYSTEM).accepted()


class TestSigningInWithAPassword:
    def test_the_hash_that_the_password_agreed_with_must_be_the_present_one(self) -> None:
        ann().when(by_password(), by=SYSTEM).then(replace(opened(S1), method=Method.PASSWORD))
        ann(PasswordChanged(OTHER_HASH)).when(by_password(HASH), by=SYSTEM).then(SignInFailed(Method.PASSWORD, NOON))

    @pytest.mark.parametrize("verified_hash", ["", "\ud800", HASH[:-1]])
    def test_anything_else_counts_as_a_failure(self, verified_hash: str) -> None:
        ann().when(by_password(verified_hash), by=SYSTEM).then(SignInFailed(Method.PASSWORD, NOON))

    def test_without_a_password_no_password_is_right(self) -> None:
        without = given(replace(REGISTERED, password_hash=None), to=ANN)
        without.when(by_password(""), by=SYSTEM).then(SignInFailed(Method.PASSWORD, NOON))

    @pytest.mark.parametrize("actor", [ANONYMOUS, ANN, BOB])
    def test_only_the_system_says_that_a_password_was_right(self, actor: UUID | Actor) -> None:
        ann().when(by_password(), by=actor).rejected("not_yours", Reason.FORBIDDEN)

    def test_ten_failures_lock_it_for_a_quarter_of_an_hour(self) -> None:
        nine = ann(*[SignInFailed(Method.PASSWORD, NOON)] * (PASSWORD_FAILURES - 1))
        ten = nine.when(by_password(""), by=SYSTEM).accepted()
        ten.when(by_password(), by=SYSTEM, at=NOON + LOCK_OUT - timedelta(microseconds=1)).rejected(
            "locked_out", Reason.TOO_MANY
        )
        after = NOON + LOCK_OUT
        again = ten.when(by_password(""), by=SYSTEM, at=after).then(SignInFailed(Method.PASSWORD, after))
        again.when(by_password(), by=SYSTEM, at=after).rejected("locked_out")
        ten.when(by_password(), by=SYSTEM, at=after).accepted()

    def test_a_code_signs_in_all_the_same(self) -> None:
        locked = ann(*[SignInFailed(Method.PASSWORD, NOON)] * PASSWORD_FAILURES, code())
        locked.when(by_code(), by=ANONYMOUS).accepted()

    def test_success_forgets_the_failures(self) -> None:
        nine = ann(*[SignInFailed(Method.PASSWORD, NOON)] * (PASSWORD_FAILURES - 1))
        signed_in = nine.when(by_password(), by=SYSTEM).accepted()
        failed = signed_in.when(by_password("", S2), by=SYSTEM).accepted()
        failed.when(by_password(session=S2), by=SYSTEM).accepted()

    def test_exactly_one_proof_is_given(self) -> None:
        neither, both = replace(by_password(), verified_hash=None), replace(by_password(), code_hash=CODE)
        for command in (neither, both):
            ann(code()).when(command, by=SYSTEM).rejected("proof_missing", Reason.INVALID)


class TestSessions:
    def test_a_session_opens_once(self) -> None:
        ann(opened(S1), code()).when(by_code(), by=ANONYMOUS).rejected("session_exists")

    def test_a_device_has_one_session(self) -> None:
        signed_in = ann(opened(S1), code()).when(by_code(session=S2), by=ANONYMOUS)
        signed_in.then(CodeUsed(Purpose.SIGN_IN), SessionRevoked(S1, "replaced"), opened(S2))

    def test_at_most_sixteen_and_the_oldest_leaves(self) -> None:
        sessions = [opened(UUID(int=0x100 + number), UUID(int=0x200 + number)) for number in range(SESSIONS)]
        signed_in = ann(*sessions, code()).when(by_code(), by=ANONYMOUS)
        signed_in.then(CodeUsed(Purpose.SIGN_IN), SessionRevoked(UUID(int=0x100), "replaced"), opened(S1))

    def test_signing_in_again_on_one_of_sixteen_devices_ends_only_its_own_session(self) -> None:
        sessions = [opened(UUID(int=0x100 + number), UUID(int=0x200 + number)) for number in range(SESSIONS)]
        again = ann(*sessions, code()).when(by_code(device_id=UUID(int=0x203)), by=ANONYMOUS).accepted()
        assert again.events[-2] == SessionRevoked(UUID(int=0x103), "replaced")

    @pytest.mark.parametrize("device", ["", "x" * 65, "my\nphone"])
    def test_a_device_has_a_short_name(self, device: str) -> None:
        command = replace(by_code(), device=device)
        ann(code()).when(command, by=ANONYMOUS).rejected("device_invalid", Reason.INVALID)

    def test_a_token_is_exchanged_for_the_next(self) -> None:
        later = NOON + timedelta(days=3)
        refreshed = ann(opened(S1)).when(RefreshSession(S1, OLD, NEW), by=ANN, at=later)
        after = refreshed.then(SessionRefreshed(S1, NEW, later + SESSION_LIFE, ()))
        after.when(RefreshSession(S1, NEW, NEWEST), by=SYSTEM, at=later).accepted()

    def test_the_same_exchange_adds_nothing_for_a_minute_and_ends_the_session_after_it(self) -> None:
        refreshed = ann(opened(S1), SessionRefreshed(S1, NEW, NOON + SESSION_LIFE, ()))
        again = RefreshSession(S1, OLD, NEW)
        refreshed.when(again, by=ANN, at=NOON + REPEATABLE).then()
        late = NOON + REPEATABLE + timedelta(microseconds=1)
        refreshed.when(again, by=ANN, at=late).then(SessionRevoked(S1, "reused"))

    def test_the_same_exchange_ends_the_session_once_the_new_token_was_used(self) -> None:
        used = ann(opened(S1)).when(RefreshSession(S1, OLD, NEW), by=ANN).accepted()
        used = used.when(RefreshSession(S1, NEW, NEWEST), by=ANN).accepted()
        used.when(RefreshSession(S1, OLD, NEW), by=ANN).then(SessionRevoked(S1, "reused"))

    def test_an_old_token_that_comes_back_ends_the_session(self) -> None:
        refreshed = ann(opened(S1), SessionRefreshed(S1, NEW, NOON + SESSION_LIFE, ()))
        revoked = refreshed.when(RefreshSession(S1, OLD, NEWEST), by=ANN).then(SessionRevoked(S1, "reused"))
        revoked.when(RefreshSession(S1, NEW, NEWEST), by=ANN).rejected("session_expired", Reason.FORBIDDEN)

    @pytest.mark.parametrize("actor", [ANONYMOUS, BOB])
    def test_nobody_else_refreshes_it(self, actor: UUID | Actor) -> None:
        ann(opened(S1)).when(RefreshSession(S1, OLD, NEW), by=actor).rejected("not_yours", Reason.FORBIDDEN)

    def test_after_its_time_it_cannot_be_refreshed(self) -> None:
        refresh = RefreshSession(S1, OLD, NEW)
        ann(opened(S1)).when(refresh, by=ANN, at=NOON + SESSION_LIFE).rejected("session_expired", Reason.FORBIDDEN)
        ann().when(refresh, by=ANN).rejected("session_expired", Reason.FORBIDDEN)

    def test_signing_out_ends_it(self) -> None:
        revoked = ann(opened(S1)).when(RevokeSession(S1), by=ANN).then(SessionRevoked(S1, "signed_out"))
        revoked.when(RevokeSession(S1), by=ANN).then()
        ann(opened(S1)).when(RevokeSession(S1), by=BOB).rejected("not_yours", Reason.FORBIDDEN)

    def test_a_deadline_ends_it_unless_it_was_refreshed_since(self) -> None:
        expiry = NOON + SESSION_LIFE
        expired = ann(opened(S1)).when(ExpireSession(S1, expiry), by=SYSTEM, at=expiry).then(SessionExpired(S1))
        expired.when(ExpireSession(S1, expiry), by=SYSTEM, at=expiry).then()
        refreshed = ann(opened(S1), SessionRefreshed(S1, NEW, expiry + timedelta(days=1), ()))
        refreshed.when(ExpireSession(S1, expiry), by=SYSTEM, at=expiry).then()
        ann(opened(S1)).when(ExpireSession(S1, expiry), by=ANN).rejected("not_yours", Reason.FORBIDDEN)


class TestRoles:
    def test_the_system_grants_and_revokes_them(self) -> None:
        granted = ann().when(GrantRole("operator"), by=SYSTEM).then(RoleGranted("operator"))
        granted.when(GrantRole("operator"), by=SYSTEM).then()
        revoked = granted.when(RevokeRole("operator"), by=SYSTEM).then(RoleRevoked("operator"))
        revoked.when(RevokeRole("operator"), by=SYSTEM).then()

    def test_nobody_grants_one_to_themselves(self) -> None:
        for command in (GrantRole("operator"), RevokeRole("operator")):
            ann().when(command, by=ANN).rejected("not_yours", Reason.FORBIDDEN)
            ann().when(command, by=Actor("person", str(BOB), frozenset(("operator",)))).rejected("not_yours")

    def test_there_are_only_known_roles(self) -> None:
        ann().when(GrantRole("god"), by=SYSTEM).rejected("role_unknown", Reason.INVALID)


class TestBeingForgotten:
    GONE = Forgotten(NAME_CLAIM, PHONE_CLAIM)
    OPERATOR = Actor("system", "operator")

    def test_an_operator_ends_an_account_with_its_sessions_and_roles(self) -> None:
        known = ann(opened(S1), opened(S2, LAPTOP), RoleGranted("operator"))
        ends = (SessionRevoked(S1, "forgotten"), SessionRevoked(S2, "forgotten"), RoleRevoked("operator"), self.GONE)
        known.when(Forget(), by=self.OPERATOR).then(*ends)
        known.when(Forget(), by=Actor("person", str(BOB), frozenset(("operator",)))).then(*ends)

    def test_the_person_proves_it_first(self) -> None:
        ann().when(Forget(verified_hash=HASH), by=SYSTEM).then(self.GONE)
        ann().when(Forget(verified_hash=""), by=SYSTEM).then(SignInFailed(Method.PASSWORD, NOON))
        ann(code(Purpose.FORGET)).when(Forget(code_hash=CODE), by=ANN).then(self.GONE)
        ann(code(Purpose.SIGN_IN)).when(Forget(code_hash=CODE), by=ANN).rejected("code_expired", Reason.FORBIDDEN)
        ann().when(Forget(), by=ANN).rejected("proof_missing", Reason.INVALID)

    def test_nobody_else_does(self) -> None:
        ann().when(Forget(verified_hash=HASH), by=BOB).rejected("not_yours", Reason.FORBIDDEN)
        ann(self.GONE).when(Forget(), by=BOB).rejected("not_yours", Reason.FORBIDDEN)
        nobody().when(Forget(), by=self.OPERATOR).rejected("person_unknown", Reason.NOT_FOUND)

    def test_once_is_for_ever(self) -> None:
        gone = ann(opened(S1), self.GONE)
        gone.when(Forget(), by=self.OPERATOR).then()
        gone.when(REGISTER, by=ANONYMOUS).rejected("already_registered")
        gone.when(IssueCode(CODE), by=ANONYMOUS).rejected("person_unknown", Reason.NOT_FOUND)
        assert evolve(evolve(INITIAL, REGISTERED), self.GONE) == Person(forgotten=True)
