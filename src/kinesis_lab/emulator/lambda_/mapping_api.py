"""The event source mappings of one Region: create, get, list, update, delete, tags (facts 7.1 to 7.4)."""

from __future__ import annotations

from kinesis_lab.emulator.lambda_ import function_lookup
from kinesis_lab.emulator.lambda_.mapping.configuration import Configuration, check_creation
from kinesis_lab.emulator.lambda_.mapping.context import MappingContext
from kinesis_lab.emulator.lambda_.mapping.mapping import EventSourceMapping
from kinesis_lab.emulator.lambda_.mapping.settings import DEFAULTS, checked_settings, invalid
from kinesis_lab.emulator.lambda_.mapping.source import Source, find_source
from kinesis_lab.emulator.validation import validate
from kinesis_lab.emulator.wire import ACCOUNT, AwsError, Document

MOST_LISTED = 100
"""Mappings on a page, unless fewer are asked for: our choice."""


class Mappings:
    """The mappings, by their UUID."""

    def __init__(self, context: MappingContext) -> None:
        """No mappings; those that are created work in `context`."""
        self._context = context
        self._region = context.region
        self._mappings: dict[str, EventSourceMapping] = {}

    def create(self, document: Document) -> Document:
        """CreateEventSourceMapping: Creating for a while, then Enabled or Disabled."""
        now = self._context.clock.now
        check_creation(document, now)
        settings = self._checked(document)
        function_arn = self._function_arn(document.get("FunctionName") or "")
        source = find_source(self._region, document["EventSourceArn"])
        self._refuse_duplicate(source.arn, function_arn, exclusive=source.exclusive)
        self._check_role(function_arn, source)
        uuid = self._context.identities.uuid()
        configuration = Configuration(
            uuid=uuid,
            arn=f"arn:aws:lambda:{self._region.name}:{ACCOUNT}:event-source-mapping:{uuid}",
            source_arn=source.arn,
            function_arn=function_arn,
            starting_position=document["StartingPosition"],
            starting_timestamp=document.get("StartingPositionTimestamp"),
            last_modified=now,
            tags=document.get("Tags") or {},
        )
        configuration.change(settings)
        mapping = self._mappings[uuid] = EventSourceMapping(self._context, configuration, source)
        if document.get("Enabled", True):
            mapping.enable("Creating")
        else:
            mapping.disable("Creating")
        return configuration.document()

    def get(self, uuid: str) -> Document:
        """GetEventSourceMapping."""
        return self._find(uuid).configuration.document()

    def list(self, document: Document) -> Document:
        """ListEventSourceMappings: of a source, of a function, or all."""
        source, name = document.get("EventSourceArn"), document.get("FunctionName")
        arn = self._function_arn(name) if name else None
        found = [
            mapping.configuration
            for mapping in self._mappings.values()
            if source in (None, mapping.configuration.source_arn) and arn in (None, mapping.configuration.function_arn)
        ]
        if marker := document.get("Marker"):
            places = [place for place, configuration in enumerate(found) if configuration.uuid == marker]
            if not places:
                raise invalid(f"Marker is {marker}, and must be the NextMarker of an answer.")
            found = found[places[0] :]
        most = min(document.get("MaxItems", MOST_LISTED), MOST_LISTED)
        answer: Document = {"EventSourceMappings": [configuration.document() for configuration in found[:most]]}
        return answer | ({"NextMarker": found[most].uuid} if len(found) > most else {})

    def update(self, document: Document) -> Document:
        """UpdateEventSourceMapping: the new settings hold when it is Enabled or Disabled again."""
        validate("lambda", "UpdateEventSourceMapping", document)
        mapping = self._find(document["UUID"])
        configuration = mapping.configuration
        self._refuse_while(configuration, "Creating", "Enabling", "Updating", "Disabling")
        settings = self._checked(document, configuration.settings_document)
        function_arn = configuration.function_arn
        if document.get("FunctionName"):
            function_arn = self._function_arn(document["FunctionName"])
        if function_arn != configuration.function_arn:
            source = find_source(self._region, configuration.source_arn)
            self._refuse_duplicate(source.arn, function_arn, exclusive=False)
            self._check_role(function_arn, source)
        mapping.update(settings, function_arn, document.get("Enabled"))
        return configuration.document()

    def delete(self, uuid: str) -> Document:
        """DeleteEventSourceMapping: it is gone after the answer."""
        mapping = self._find(uuid)
        self._refuse_while(mapping.configuration, "Updating")
        del self._mappings[uuid]
        mapping.delete()
        return mapping.configuration.document()

    def settle(self, uuid: str) -> None:
        """Let the change that a mapping is in be through now: who made it does not want to wait for it."""
        self._find(uuid).settle()

    # Tags

    def tags(self, arn: str) -> dict[str, str]:
        """The tags of the mapping with this ARN, to be read and changed."""
        return self._find(arn.rpartition(":")[2]).configuration.tags

    # Finding and refusing

    def _find(self, uuid: str) -> EventSourceMapping:
        if uuid not in self._mappings:
            raise AwsError("ResourceNotFoundException", "The resource you requested does not exist.", 404)
        return self._mappings[uuid]

    def _checked(self, document: Document, present: Document = DEFAULTS) -> Document:
        """The settings that are asked for; a destination must be of this account, and of this Region if it has one."""
        settings = checked_settings(document, present)
        destination = settings.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination")
        if destination:
            region, account = destination.split(":")[3:5]
            if region not in ("", self._region.name) or account not in ("", ACCOUNT):
                raise invalid(
                    f"The destination {destination} must be in the Region {self._region.name} and of the account "
                    f"{ACCOUNT}, as the function is."
                )
        return settings

    def _function_arn(self, name: str) -> str:
        """The full ARN of a function that must exist, with the qualifier that was asked for."""
        try:
            function = self._context.find_function(name)
        except AwsError:
            raise invalid("Function does not exist") from None
        qualifier = function_lookup.parse_name(name)[1]
        return f"{function.arn}:{qualifier}" if qualifier else function.arn

    def _refuse_duplicate(self, source: str, function_arn: str, *, exclusive: bool) -> None:
        for mapping in self._mappings.values():
            known = mapping.configuration
            if known.source_arn != source:
                continue
            if function_arn in (known.function_arn, mapping.next_function_arn):
                name = function_lookup.parse_name(function_arn)[0]
                raise AwsError(
                    "ResourceConflictException",
                    f'The event source arn (" {source} ") and function (" {name} ") provided mapping already '
                    f"exists. Please update or delete the existing mapping with UUID {known.uuid}",
                    409,
                )
            if exclusive:
                raise invalid(f"The consumer {source} is the source of another mapping, with UUID {known.uuid}.")

    def _check_role(self, function_arn: str, source: Source) -> None:
        """The function's role reads the source: it must be allowed to (facts 9)."""
        role = self._context.find_function(function_arn).role
        if not all(self._context.permissions.allow(role, *right) for right in source.rights):
            raise invalid(source.no_access)

    def _refuse_while(self, configuration: Configuration, *states: str) -> None:
        if configuration.state in states:
            raise AwsError(
                "ResourceInUseException",
                f"The event source mapping with UUID {configuration.uuid} cannot be changed while it is "
                f"{configuration.state}.",
            )
