#!/usr/bin/env python3
"""compose.yaml and the Dockerfile, as far as they can be checked without a Docker engine.

    compose_test.py SOURCE_FOLDER LEDGERD
"""
import fnmatch
import os
import re
import subprocess
import sys
import unittest

import yaml

SOURCE, LEDGERD = sys.argv[1:3]
REQUIRED = re.compile(r"\$\{(\w+):\?[^}]+\}")  # without a value compose refuses to start
PASSWORD = "${POSTGRES_PASSWORD:?"


def read(name):
    with open(os.path.join(SOURCE, name), encoding="utf-8") as file:
        return file.read()


def output_of(*words):
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


class Compose(unittest.TestCase):
    def setUp(self):
        self.compose = yaml.safe_load(read("compose.yaml"))
        self.services = self.compose["services"]

    def test_the_topology_is_ledgerd_over_postgres_15_and_redis(self):
        self.assertEqual(set(self.services), {"ledgerd", "postgres", "redis"})
        self.assertTrue(self.services["postgres"]["image"].startswith("postgres:15"))
        environment = self.services["ledgerd"]["environment"]
        self.assertIn("@postgres/", environment["DB_URL"])
        self.assertEqual(environment["REDIS_ADDR"], "redis:6379")

    def test_every_service_is_watched_and_restarted(self):
        for name, service in self.services.items():
            with self.subTest(name):
                self.assertEqual(service["restart"], "unless-stopped")
                self.assertIn(service["healthcheck"]["test"][0], ("CMD", "CMD-SHELL"))

    def test_ledgerd_waits_until_the_others_are_healthy(self):
        for name, how in self.services["ledgerd"]["depends_on"].items():
            self.assertEqual(how, {"condition": "service_healthy"})
            self.assertIn("healthcheck", self.services[name])

    def test_only_ledgerd_is_published_and_only_on_the_loopback(self):
        for name, service in self.services.items():
            for port in service.get("ports", []):
                self.assertEqual(name, "ledgerd")
                self.assertTrue(port.startswith("127.0.0.1:"), port)

    def test_postgres_and_redis_are_on_a_network_without_a_way_out(self):
        self.assertTrue(self.compose["networks"]["backend"]["internal"])
        for name in ("postgres", "redis"):
            self.assertEqual(self.services[name]["networks"], ["backend"])

    def test_there_is_no_default_password(self):
        postgres = self.services["postgres"]["environment"]["POSTGRES_PASSWORD"]
        self.assertTrue(REQUIRED.fullmatch(postgres), postgres)
        url = self.services["ledgerd"]["environment"]["DB_URL"]
        self.assertTrue(url.startswith(f"postgres://ledger:{PASSWORD}"), url)

    def test_the_ledger_lies_in_a_named_volume(self):
        (volume,) = self.services["postgres"]["volumes"]
        name, path = volume.split(":")
        self.assertIn(name, self.compose["volumes"])
        self.assertEqual(path, "/var/lib/postgresql/data")

    def test_ledgerd_knows_every_variable_it_is_given(self):
        known = output_of(LEDGERD, "--help")
        for name in self.services["ledgerd"]["environment"]:
            self.assertRegex(known, rf"\b{name}\b")


class Image(unittest.TestCase):
    def setUp(self):
        whole = read("Dockerfile").replace("\\\n", " ")
        self.lines = [line for line in whole.splitlines() if line and not line.startswith("#")]
        last = max(i for i, line in enumerate(self.lines) if line.startswith("FROM "))
        self.final = self.lines[last:]

    def copied(self):
        for line in self.lines:
            words = line.split()
            if words[0] == "COPY" and not words[1].startswith("--from"):
                yield from words[1:-1]

    def installed(self):
        (line,) = (line for line in self.final if "apt-get install" in line)
        words = line.split("apt-get install", 1)[1].split("&&")[0].split()
        return {word for word in words if not word.startswith("-")}

    def test_what_it_copies_is_there_and_reaches_the_builder(self):
        kept = [line[1:] for line in read(".dockerignore").splitlines() if line.startswith("!")]
        for path in self.copied():
            with self.subTest(path):
                self.assertTrue(os.path.exists(os.path.join(SOURCE, path)))
                self.assertTrue(any(fnmatch.fnmatch(path, name) or path.startswith(name + "/") for name in kept))

    def test_secrets_and_builds_do_not_reach_the_builder(self):
        lines = [line for line in read(".dockerignore").splitlines() if not line.startswith("#")]
        self.assertEqual(lines[0], "*")

    def test_it_does_not_run_as_root_and_says_how_it_is(self):
        user = [line.split()[1] for line in self.final if line.startswith("USER ")]
        self.assertEqual(len(user), 1)
        self.assertNotIn(user[0], ("root", "0"))
        self.assertTrue(any(line.startswith("HEALTHCHECK ") for line in self.final))

    def test_it_installs_the_libraries_that_ledgerd_is_linked_with(self):
        if "VERSION_CODENAME=bookworm" not in read("/etc/os-release"):
            self.skipTest("the image is Debian 12, and libraries have other names here")
        needed = re.findall(r"NEEDED\s+(\S+)", output_of("objdump", "-p", LEDGERD))
        self.assertTrue(needed)
        owners = {self.owner(library) for library in needed}
        in_every_image = {"libc6", "libgcc-s1", "libstdc++6"}
        for_the_health_check = {"curl"}
        self.assertEqual(self.installed() - for_the_health_check, owners - in_every_image)

    @staticmethod
    def owner(library):
        found = output_of("dpkg", "-S", f"*-linux-gnu/{library}").splitlines()
        return found[0].split(":")[0]


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
