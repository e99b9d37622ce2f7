"""django-appointment from PyPI in a virtualenv of its own, on SQLite, behind gunicorn with two workers of threads."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from bench.peers.server import NotReady, Waiting, install, process
from bench.report import console
from infra.local.ports import free_port

VERSION = "3.12.0"
HOME = Path.home() / ".cache" / "septet" / f"django-appointment-{VERSION}"

SETTINGS = """
from pathlib import Path
BASE_DIR = Path(__file__).parent
SECRET_KEY = "only for benchmarks"
DEBUG = False
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "peer_urls"
USE_TZ, TIME_ZONE, LANGUAGE_CODE = True, "UTC", "en"
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions",
    "django.contrib.messages", "phonenumber_field", "appointment"]
MIDDLEWARE = ["django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware", "django.contrib.messages.middleware.MessageMiddleware"]
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True, "OPTIONS": {
    "context_processors": ["django.template.context_processors.request", "django.contrib.auth.context_processors.auth",
        "django.contrib.messages.context_processors.messages"]}}]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": BASE_DIR / "peer.db",
    "OPTIONS": {"timeout": 60, "transaction_mode": "IMMEDIATE", "init_command": "PRAGMA journal_mode=WAL;"}}}
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
STATIC_URL = "/static/"
LOGGING_CONFIG = None
"""

URLS = """
from django.urls import include, path
urlpatterns = [path("appointment/", include("appointment.urls"))]
"""

PEER = """
import os
os.environ["DJANGO_SETTINGS_MODULE"] = "peer_settings"
from django.core.wsgi import get_wsgi_application
application = get_wsgi_application()
"""

PREPARE = """
import datetime, json, os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "peer_settings"
import django
django.setup()
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model
from django.contrib.sessions.backends.db import SessionStore
from django.core.management import call_command
call_command("migrate", verbosity=0, run_syncdb=True)  # the package brings no migrations
from appointment.models import Service, StaffMember, WorkingHours
User = get_user_model()
host = User.objects.create_user("host", "host@example.org")
service = Service.objects.create(name="Introduction", duration=datetime.timedelta(minutes=30), price=0)
staff = StaffMember.objects.create(user=host, slot_duration=30, appointment_buffer_time=0,
    lead_time=datetime.time(0), finish_time=datetime.time(23, 59), work_on_saturday=True, work_on_sunday=True)
staff.services_offered.add(service)
for day in range(7):
    WorkingHours.objects.update_or_create(staff_member=staff, day_of_week=day,
        defaults={"start_time": datetime.time(0), "end_time": datetime.time(23, 59)})
sessions = []
for number in range(int(sys.argv[1])):
    user = User.objects.create_user(f"guest{number}", f"guest{number}@example.org", first_name="Guest")
    store = SessionStore()
    store[SESSION_KEY], store[BACKEND_SESSION_KEY] = str(user.pk), "django.contrib.auth.backends.ModelBackend"
    store[HASH_SESSION_KEY] = user.get_session_auth_hash()
    store.create()
    sessions.append(store.session_key)
print(json.dumps({"service": service.pk, "staff": staff.pk, "sessions": sessions}))
"""

COUNT = """
import json, os
os.environ["DJANGO_SETTINGS_MODULE"] = "peer_settings"
import django
django.setup()
from appointment.models import Appointment
print(json.dumps([[str(each.appointment_request.date), str(each.appointment_request.start_time)]
    for each in Appointment.objects.select_related("appointment_request")]))
"""


def version() -> str:
    """Installs it where it is not; answers its version. Raises NotReady."""
    if not (HOME / "installed").exists():
        console.print("  installing django-appointment (pip, a minute or two)")
        install("django-appointment", [sys.executable, "-m", "venv", "--clear", str(HOME)])
        pip = [str(HOME / "bin" / "pip"), "install", "-q"]
        install("django-appointment", [*pip, f"django-appointment=={VERSION}", "gunicorn"])
        (HOME / "installed").touch()
    return VERSION


class Peer:
    """A running one with its guests, who are signed in."""

    def __init__(self, folder: Path, url: str, service: int, staff: int, sessions: list[str]) -> None:
        self.folder, self.url, self.sessions = folder, url, sessions
        self._service, self._staff = service, staff

    async def book(self, http: httpx.AsyncClient, guest: int, day: str, clock: str, until: str) -> bool:
        """Both of its forms, as a browser sends them: the time, then who comes. Whether it was taken."""
        cookies = {"Cookie": f"sessionid={self.sessions[guest % len(self.sessions)]}"}
        form = {"date": day, "start_time": clock, "end_time": until, "service": self._service}
        asked = await http.post(
            "/appointment/request-submit/", data={**form, "staff_member": self._staff}, headers=cookies
        )
        if asked.status_code != 302:
            return False
        who = {"name": "Guest", "email": "guest@example.org", "phone_0": "US", "phone_1": "2025550123"}
        more = {"address": "Main Street 1", "payment_type": "full"}
        done = await http.post(asked.headers["Location"], data={**who, **more}, headers=cookies)
        return done.status_code == 302

    def booked(self) -> list[tuple[str, str]]:
        """The day and the time of each appointment there is."""
        return [(day, clock) for day, clock in json.loads(_script(self.folder, COUNT))]


@contextmanager
def django_appointment(folder: Path, guests: int) -> Iterator[Peer]:
    """A server on fresh data with one host who can be met day and night."""
    (folder / "peer_settings.py").write_text(SETTINGS)
    (folder / "peer_urls.py").write_text(URLS)
    (folder / "peer.py").write_text(PEER)
    made = json.loads(_script(folder, PREPARE, str(guests)))
    port = free_port()
    gunicorn = [str(HOME / "bin" / "gunicorn"), "--workers", "2", "--threads", "8", "--bind", f"127.0.0.1:{port}"]
    with process("django-appointment", [*gunicorn, "peer:application"], folder) as running:
        waiting, url = Waiting("django-appointment", running, folder), f"http://127.0.0.1:{port}"
        while True:
            try:
                if httpx.get(f"{url}/appointment/request-submit/", timeout=30).status_code == 200:
                    break
            except httpx.HTTPError:
                pass
            waiting.on()
        yield Peer(folder, url, made["service"], made["staff"], made["sessions"])


def _script(folder: Path, text: str, *words: str) -> str:
    """The last line that a program in its virtualenv prints; raises NotReady."""
    command = [str(HOME / "bin" / "python"), "-c", text, *words]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NotReady(done.stderr[-3_000:])
    return done.stdout.splitlines()[-1]
