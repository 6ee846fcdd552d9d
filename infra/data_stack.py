"""Everything that must outlive a deployment: the table, the bucket, the key of secrets, and people's accounts."""

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.people import pool_of_people
from infra.settings import Settings

DUE_INDEX = "due"
RETENTION_TAG = "gero-retention"
TRACE_RETENTIONS = (7, 30, 90, 365)  # days that a leaderboard may choose, as the tag says them


class DataStack(Stack):
    """State in one table, bulk in one bucket; nothing here is deleted with the stack."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        settings = Settings.of(scope)
        keep = not settings.local
        super().__init__(scope, construct_id, description="Gero: data", termination_protection=keep)

        self.table = dynamodb.Table(
            self,
            "table",
            partition_key=dynamodb.Attribute(name="pk", type=dynamodb.AttributeType.STRING),
            sort_key=dynamodb.Attribute(name="sk", type=dynamodb.AttributeType.STRING),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            time_to_live_attribute="expires_at",
            deletion_protection=keep,
            removal_policy=RemovalPolicy.RETAIN,
        )
        # Sparse: only items with something due carry these attributes, so the index stays as small as the schedule.
        self.table.add_global_secondary_index(
            index_name=DUE_INDEX,
            partition_key=dynamodb.Attribute(name="due_kind", type=dynamodb.AttributeType.STRING),
            sort_key=dynamodb.Attribute(name="due_at", type=dynamodb.AttributeType.STRING),
            projection_type=dynamodb.ProjectionType.ALL,
        )

        self.bucket = s3.Bucket(
            self,
            "bucket",
            versioned=True,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            lifecycle_rules=[
                s3.LifecycleRule(
                    id="forget-what-was-replaced",
                    noncurrent_version_expiration=Duration.days(30),
                    expired_object_delete_marker=True,
                    abort_incomplete_multipart_upload_after=Duration.days(1),
                ),
                *(_forget_traces_after(days) for days in TRACE_RETENTIONS),
            ],
            removal_policy=RemovalPolicy.RETAIN,
        )

        self.key = kms.Key(
            self,
            "key",
            description="Gero: secrets of workspaces (integrations, endpoint keys)",
            enable_key_rotation=True,
            removal_policy=RemovalPolicy.RETAIN,
        )

        # None where people sign in elsewhere: at the local cloud's own sign-in, or at a provider that is named.
        self.people = pool_of_people(self) if settings.has_own_accounts else None

    @property
    def rows(self) -> list[str]:
        """ARN of the table, for grants."""
        return [self.table.table_arn]

    @property
    def rows_and_due_work(self) -> list[str]:
        """ARNs of the table and of its index of due work, for grants."""
        return [self.table.table_arn, f"{self.table.table_arn}/index/{DUE_INDEX}"]

    @property
    def objects(self) -> list[str]:
        """ARN of the objects in the bucket, for grants."""
        return [self.bucket.arn_for_objects("*")]

    @property
    def listing(self) -> list[str]:
        """ARN of the bucket itself, for grants: with ListBucket a missing object is a 404, without it a 403."""
        return [self.bucket.bucket_arn]

    @property
    def secrets(self) -> list[str]:
        """ARN of the key, for grants."""
        return [self.key.key_arn]


def _forget_traces_after(days: int) -> s3.LifecycleRule:
    """Traces that are kept for so many days are tagged with them; their versions go as well."""
    return s3.LifecycleRule(
        id=f"forget-traces-after-{days}-days",
        tag_filters={RETENTION_TAG: str(days)},
        expiration=Duration.days(days),
        noncurrent_version_expiration=Duration.days(1),
    )
