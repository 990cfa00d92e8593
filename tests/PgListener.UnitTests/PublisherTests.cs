using System.Diagnostics.Metrics;
using System.Text;
using System.Text.Json;
using System.Transactions;
using Npgsql;
using PgListener.Connections;
using PgListener.Publishing;

namespace PgListener.UnitTests;

/// <summary>What the publisher refuses, without a server anywhere.</summary>
public sealed class PublisherTests : IAsyncDisposable
{
    private readonly NpgsqlDataSource _nowhere = NpgsqlDataSource.Create("Host=127.0.0.1;Port=1;Username=nobody");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _nowhere.DisposeAsync();

    private sealed record Keyed(string Key) : INotificationChannel<Keyed>
    {
        public static string ChannelName => "keyed";

        public static Keyed Parse(string payload) => new(payload);

        public static string Format(Keyed value) => value.Key;
    }

    private sealed record Heard(string Key) : INotificationChannel<Heard>
    {
        public static string ChannelName => "heard";

        public static Heard Parse(string payload) => new(payload);
    }

    private sealed record Text(string Value) : IJsonNotificationChannel<Text>
    {
        public static string ChannelName => "text";
    }

    private sealed record BadName(string Value) : IJsonNotificationChannel<BadName>
    {
        public static string ChannelName => "";
    }

    [Fact]
    public async Task Messages_name_a_channel_as_the_application_does()
    {
        var options = new NotificationPublisherOptions { ChannelPrefix = "dev_", AllowDuplicates = true };
        options.MapChannel<Keyed>("mapped");
        await using var publisher = _nowhere.CreatePublisher(options);
        var payload = await Assert.ThrowsAsync<ArgumentException>(() => publisher.PublishAsync(new Text("\0" + new string('x', 8000)), Cancellation));
        Assert.Contains("for channel 'text' has", payload.Message, StringComparison.Ordinal);
        var duplicates = await Assert.ThrowsAsync<InvalidOperationException>(() => publisher.PublishManyAsync([new Keyed("a"), new Keyed("a")], Cancellation));
        Assert.Contains("those on channel 'mapped' cannot", duplicates.Message, StringComparison.Ordinal);
    }

    public static TheoryData<string, string> RefusedPayloads => new()
    {
        { new('x', 8000), "has 8,000 bytes in UTF-8, but PostgreSQL allows at most 7,999" },
        { new('ä', 4000), "has 8,000 bytes in UTF-8" },
        { string.Concat(Enumerable.Repeat("😀", 2500)), "has 10,000 bytes in UTF-8" },
        { "a\0b", "NUL" },
        { "half \ud83d", "surrogate" },
        { "\ude00 half", "surrogate" },
    };

    [Theory]
    [MemberData(nameof(RefusedPayloads))]
    public async Task A_payload_the_server_would_not_take_is_refused_with_advice(string payload, string message)
    {
        await using var publisher = _nowhere.CreatePublisher();
        await using var connection = _nowhere.CreateConnection();
        foreach (var attempt in new[]
        {
            () => publisher.PublishAsync("c", payload, Cancellation),
            () => publisher.PublishAsync(new Keyed(payload), Cancellation),
            () => publisher.PublishManyAsync("c", ["", payload], Cancellation),
            () => publisher.PublishManyAsync([new Keyed(""), new Keyed(payload)], Cancellation),
            () => publisher.PublishAsync(new Keyed(payload), connection, Cancellation),
        })
        {
            Assert.Contains(message, (await Assert.ThrowsAsync<ArgumentException>(attempt)).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void The_longest_payload_is_accepted()
    {
        foreach (var payload in new[] { "", new string('x', 7999), new string('ä', 3999), "\uffff" })
            PayloadRules.ThrowIfInvalid(payload, "c");
    }

    [Fact]
    public async Task Channel_names_follow_the_rules_of_the_listener()
    {
        await using var publisher = _nowhere.CreatePublisher();
        foreach (var name in new[] { "", new string('x', 64), "a\0b", "half \ud83d" })
        {
            await Assert.ThrowsAsync<ArgumentException>(() => publisher.PublishAsync(name, "", Cancellation));
            await Assert.ThrowsAsync<ArgumentException>(() => publisher.PublishManyAsync(name, [], Cancellation));
        }

        await Assert.ThrowsAsync<ArgumentException>(() => publisher.PublishAsync(new BadName(""), Cancellation));
    }

    [Fact]
    public async Task Null_is_refused()
    {
        await using var publisher = _nowhere.CreatePublisher();
        await Assert.ThrowsAsync<ArgumentNullException>(() => publisher.PublishAsync((Text)null!, Cancellation));
        await Assert.ThrowsAsync<ArgumentNullException>(() => publisher.PublishAsync(null!, "", Cancellation));
        await Assert.ThrowsAsync<ArgumentNullException>(() => publisher.PublishAsync("c", null!, Cancellation));
        await Assert.ThrowsAsync<ArgumentNullException>(() => publisher.PublishAsync("c", "", (NpgsqlConnection)null!, Cancellation));
        await Assert.ThrowsAsync<ArgumentNullException>(() => publisher.PublishAsync("c", "", (NpgsqlTransaction)null!, Cancellation));
        await Assert.ThrowsAsync<ArgumentNullException>(() => publisher.PublishManyAsync((Text[])null!, Cancellation));
        await Assert.ThrowsAsync<ArgumentException>(() => publisher.PublishManyAsync([new Text(""), null!], Cancellation));
        await Assert.ThrowsAsync<ArgumentException>(() => publisher.PublishManyAsync("c", ["", null!], Cancellation));
    }

    private sealed class FakePublisher : INotificationPublisher
    {
        public List<PublishRequest> Requests { get; } = [];

        public Task PublishAsync(PublishRequest request, CancellationToken cancellationToken = default)
        {
            Requests.Add(request);
            return Task.CompletedTask;
        }
    }

    [Fact]
    public async Task A_fake_of_one_method_hears_of_every_way_to_publish()
    {
        var fake = new FakePublisher();
        await using var connection = _nowhere.CreateConnection();
        using var transaction = new OtherTransaction();
        await fake.PublishAsync(new Text("a"), Cancellation);
        await fake.PublishAsync(new Text("a"), connection, Cancellation);
        await fake.PublishAsync(new Text("a"), transaction, Cancellation);
        await fake.PublishManyAsync([new Text("a"), new Text("b")], Cancellation);
        await fake.PublishManyAsync([new Text("a"), new Text("b")], connection, Cancellation);
        await fake.PublishManyAsync([new Text("a"), new Text("b")], transaction, Cancellation);
        await fake.PublishAsync("c", "a", Cancellation);
        await fake.PublishAsync("c", "a", connection, Cancellation);
        await fake.PublishAsync("c", "a", transaction, Cancellation);
        await fake.PublishManyAsync("c", ["a", "b"], Cancellation);
        await fake.PublishManyAsync("c", ["a", "b"], connection, Cancellation);
        await fake.PublishManyAsync("c", ["a", "b"], transaction, Cancellation);

        for (var i = 0; i < 12; i++)
        {
            var request = fake.Requests[i];
            var (typed, many) = (i < 6, i % 6 >= 3);
            Assert.Equal(typed ? ("text", typeof(Text)) : ("c", null), (request.Channel, request.ChannelType));
            Assert.Equal<object>(typed ? many ? [new Text("a"), new Text("b")] : [new Text("a")] : many ? ["a", "b"] : ["a"], request.Values);
            Assert.Equal(typed ? many ? ["""{"value":"a"}""", """{"value":"b"}"""] : ["""{"value":"a"}"""] : request.Values.Cast<string>(), request.WritePayloads());
            Assert.Equal((i % 3 == 1, i % 3 == 2), (ReferenceEquals(request.Connection, connection), ReferenceEquals(request.Transaction, transaction)));
            Assert.Equal((i % 3 != 1, i % 3 != 2), (request.Connection is null, request.Transaction is null));
        }
    }

    [Fact]
    public async Task A_sequence_is_gone_through_once()
    {
        var rounds = 0;
        var fake = new FakePublisher();
        await fake.PublishManyAsync(Sequence(), Cancellation);
        Assert.Equal([new Text("1")], fake.Requests[0].Values);
        Assert.Equal("""{"value":"1"}""", Assert.Single(fake.Requests[0].WritePayloads()));
        Assert.Equal(1, rounds);

        IEnumerable<Text> Sequence()
        {
            yield return new($"{++rounds}");
        }
    }

    [Fact]
    public async Task Connections_and_transactions_of_another_database_are_refused_by_their_type()
    {
        await using var publisher = _nowhere.CreatePublisher();
        await using var connection = new OtherConnection();
        using var transaction = new OtherTransaction();
        Assert.Contains(typeof(OtherConnection).FullName!, (await Assert.ThrowsAsync<ArgumentException>(() => publisher.PublishAsync("c", "", connection, Cancellation))).Message, StringComparison.Ordinal);
        Assert.Contains(typeof(OtherTransaction).FullName!, (await Assert.ThrowsAsync<ArgumentException>(() => publisher.PublishAsync(new Text(""), transaction, Cancellation))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Wrong_arguments_are_refused_before_anything_is_made()
    {
        using var meters = new CountingMeters();
        var configured = 0;
        foreach (var attempt in new Action[]
        {
            () => new NotificationPublisher("Host=127.0.0.1", new() { MaxCoalesced = 0, MeterFactory = meters }, _ => configured++).Dispose(),
            () => new NotificationPublisher("Hots=127.0.0.1", new() { MeterFactory = meters }, _ => configured++).Dispose(),
            () => new NotificationPublisher((string)null!, new() { MeterFactory = meters }, _ => configured++).Dispose(),
            () => new NotificationPublisher("Database=a", new() { MeterFactory = meters }).Dispose(),
            () => new NotificationPublisher((NpgsqlDataSource)null!, new() { MeterFactory = meters }).Dispose(),
            () => _nowhere.CreatePublisher(new() { CoalesceWindow = TimeSpan.FromDays(1), MeterFactory = meters }).Dispose(),
            () => new NotificationPublisher("Host=127.0.0.1", new() { MeterFactory = meters }, configureDataSource => throw new ArgumentException("not today", nameof(configureDataSource))).Dispose(),
        })
        {
            Assert.ThrowsAny<ArgumentException>(attempt);
        }

        Assert.Equal((0, 0), (configured, meters.Created));
    }

    private sealed class CountingMeters : IMeterFactory
    {
        public int Created { get; private set; }

        public Meter Create(MeterOptions options)
        {
            Created++;
            return new(options);
        }

        public void Dispose()
        {
        }
    }

    [Fact]
    public async Task A_channel_that_can_only_be_listened_to_says_what_is_missing()
    {
        await using var publisher = _nowhere.CreatePublisher();
        var error = await Assert.ThrowsAsync<NotSupportedException>(() => publisher.PublishAsync(new Heard("x"), Cancellation));
        Assert.Contains("public static string Format(Heard value)", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_to_publish_needs_no_server()
    {
        await using var publisher = _nowhere.CreatePublisher();
        await publisher.PublishManyAsync(Array.Empty<Text>(), Cancellation);
        await publisher.PublishManyAsync("c", [], Cancellation);
        await using var connection = _nowhere.CreateConnection();
        await publisher.PublishManyAsync(Array.Empty<Text>(), connection, Cancellation);
    }

    [Fact]
    public async Task After_its_disposal_a_publisher_refuses()
    {
        foreach (var window in new TimeSpan?[] { null, TimeSpan.Zero })
        {
            var publisher = _nowhere.CreatePublisher(new() { CoalesceWindow = window });
            await publisher.DisposeAsync();
            await publisher.DisposeAsync();
            await Assert.ThrowsAsync<ObjectDisposedException>(() => publisher.PublishAsync("c", "", Cancellation));
            await using var connection = _nowhere.CreateConnection();
            await Assert.ThrowsAsync<ObjectDisposedException>(() => publisher.PublishAsync("c", "", connection, Cancellation));
        }
    }

    [Fact]
    public async Task A_closed_connection_is_refused()
    {
        await using var publisher = _nowhere.CreatePublisher();
        await using var connection = _nowhere.CreateConnection();
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => publisher.PublishAsync("c", "", connection, Cancellation));
        Assert.StartsWith("The connection is closed.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_distributed_ambient_transaction_is_refused()
    {
        await using var publisher = _nowhere.CreatePublisher();
        using var scope = new TransactionScope(TransactionScopeAsyncFlowOption.Enabled);
        Transaction.Current!.EnlistPromotableSinglePhase(new Promoter(Transaction.Current), Guid.NewGuid());
        Transaction.Current.GetPromotedToken();
        Assert.NotEqual(Guid.Empty, Transaction.Current.TransactionInformation.DistributedIdentifier);
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => publisher.PublishAsync("c", "", Cancellation));
        Assert.Contains("two phases", error.Message, StringComparison.Ordinal);
    }

    private sealed class Promoter(Transaction transaction) : IPromotableSinglePhaseNotification
    {
        public void Initialize()
        {
        }

        public byte[] Promote()
        {
            transaction.SetDistributedTransactionIdentifier(this, Guid.NewGuid());
            return [1];
        }

        public void Rollback(SinglePhaseEnlistment singlePhaseEnlistment) => singlePhaseEnlistment.Aborted();

        public void SinglePhaseCommit(SinglePhaseEnlistment singlePhaseEnlistment) => singlePhaseEnlistment.Committed();
    }

    [Fact]
    public async Task Duplicates_that_cannot_be_made_distinct_are_refused_where_they_could_be_merged()
    {
        await using var publisher = _nowhere.CreatePublisher(new() { AllowDuplicates = true });
        await using var connection = _nowhere.CreateConnection();
        foreach (var attempt in new[]
        {
            () => publisher.PublishManyAsync("c", ["a", "b", "a"], Cancellation),
            () => publisher.PublishManyAsync([new Keyed("a"), new Keyed("a")], Cancellation),
            () => publisher.PublishAsync("c", "a", connection, Cancellation),
            () => publisher.PublishAsync(new Keyed("a"), connection, Cancellation),
        })
        {
            Assert.Contains("AllowDuplicates", (await Assert.ThrowsAsync<InvalidOperationException>(attempt)).Message, StringComparison.Ordinal);
        }

        using var scope = new TransactionScope(TransactionScopeAsyncFlowOption.Enabled);
        Assert.Contains("AllowDuplicates", (await Assert.ThrowsAsync<InvalidOperationException>(() => publisher.PublishAsync("c", "a", Cancellation))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Marks_are_distinct_short_and_invisible_to_readers_of_json()
    {
        var marked = Enumerable.Range(1, 5000).Select(number => DistinctMark.Add("""{"value":"x"} """, number)).ToArray();
        Assert.Equal(marked.Length, marked.Distinct().Count());
        Assert.Equal(1, DistinctMark.Add("7", 1).Length - 1);
        Assert.Equal(1, DistinctMark.Add("7", 4).Length - 1);
        Assert.Equal(2, DistinctMark.Add("7", 5).Length - 1);
        Assert.InRange(DistinctMark.Add("7", long.MaxValue).Length - 1, 31, 32);
        Assert.All(marked, json => Assert.Equal(new Text("x"), Parse<Text>(json)));
        Assert.NotEqual(DistinctMark.Add("{}"), DistinctMark.Add("{}"));
    }

    [Fact]
    public async Task The_mark_counts_against_the_limit()
    {
        var longest = new Text(new('x', PayloadRules.MaxBytes - Encoding.UTF8.GetByteCount(JsonSerializer.Serialize(new Text(""), JsonSerializerOptions.Web))));
        Assert.Equal(PayloadRules.MaxBytes, Format(longest).Length);
        await using var publisher = _nowhere.CreatePublisher(new() { AllowDuplicates = true });
        await Assert.ThrowsAsync<ArgumentException>(() => publisher.PublishAsync(longest, Cancellation));
    }

    [Fact]
    public void Json_writes_what_it_reads()
    {
        Assert.Equal("""{"id":7,"total":1.50}""", Format(new ReflectedOrder(7, 1.50m)));
        Assert.Equal("""{"Id":7,"Total":1.50}""", Format(new GeneratedOrder(7, 1.50m)));
    }

    private static T Parse<T>(string payload)
        where T : INotificationChannel<T>
        => T.Parse(payload);

    private static string Format<T>(T value)
        where T : INotificationChannel<T>
        => T.Format(value);
}
