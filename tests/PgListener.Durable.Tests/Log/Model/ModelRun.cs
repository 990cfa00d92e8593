using Npgsql;

namespace PgListener.Durable.Tests.Log.Model;

/// <summary>A random schedule of transactions and readers, and the check of what the readers got.</summary>
internal sealed class ModelRun(NpgsqlDataSource dataSource, int seed)
{
    private const int Steps = 120;
    private const int Writers = 5;

    private readonly Random _random = new(seed);
    private readonly string _schedule = $"s{seed}_{Guid.NewGuid():n}_";
    private readonly List<ModelMessage> _messages = [];

    /// <summary>The number of the step.</summary>
    public int Step { get; private set; }

    /// <summary>The transactions that are prepared.</summary>
    public List<(string Name, ModelMessage[] Messages)> Prepared { get; } = [];

    public static string First(string schedule) => schedule + "1";

    public static string Second(string schedule) => schedule + "2";

    public ModelMessage Add(string channel, string? key)
    {
        var message = new ModelMessage($"{_messages.Count}{new string('.', _random.Next(12))}", channel, key, Step);
        _messages.Add(message);
        return message;
    }

    public void Commit(IEnumerable<ModelMessage> messages)
    {
        foreach (var message in messages)
            message.Committed = Step;
    }

    /// <summary>Runs the schedule.</summary>
    /// <returns>How many messages were committed.</returns>
    public async Task<int> RunAsync()
    {
        await using var reading = await dataSource.OpenConnectionAsync(TestContext.Current.CancellationToken);
        ModelReader[] readers =
        [
            new(reading, new(First(_schedule)), _random, hasLanes: false),
            new(reading, new(First(_schedule)), _random, hasLanes: true),
            .. Enumerable.Range(0, 3).Select(shard => new ModelReader(reading, new(Second(_schedule), 3, shard), _random, hasLanes: shard == 2)),
        ];
        var writers = new List<ModelWriter>();
        for (var i = 0; i < Writers; i++)
            writers.Add(new(await Session.OpenAsync(dataSource), _random, _schedule, isSlow: i == 0));

        for (Step = 1; Step <= Steps; Step++)
            await (_random.Next(4) switch
            {
                0 => readers[_random.Next(readers.Length)].StepAsync(),
                1 when Prepared.Count > 0 && _random.Next(4) == 0 => FinishPreparedAsync(reading),
                _ => writers[_random.Next(Writers)].StepAsync(this),
            });

        foreach (var writer in writers)
        {
            await writer.EndAsync(this);
            await writer.DisposeAsync();
        }

        while (Prepared.Count > 0)
            await FinishPreparedAsync(reading);
        foreach (var reader in readers)
            await reader.FinishAsync();
        CheckThatEachWasHandledOnce(readers[..1], First(_schedule));
        CheckThatEachWasHandledOnce(readers[1..2], First(_schedule));
        CheckThatEachWasHandledOnce(readers[2..], Second(_schedule));
        foreach (var reader in readers.Where(reader => !reader.HasLanes))
            CheckOrder(reader);
        return _messages.Count(message => message.Committed is not null);
    }

    private async Task FinishPreparedAsync(NpgsqlConnection connection)
    {
        var index = _random.Next(Prepared.Count);
        var (name, messages) = Prepared[index];
        Prepared.RemoveAt(index);
        var commits = _random.Next(3) > 0;
        await using var command = new NpgsqlCommand($"{(commits ? "commit" : "rollback")} prepared '{name}'", connection);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        if (commits)
            Commit(messages);
    }

    private void CheckThatEachWasHandledOnce(ModelReader[] shards, string channel)
    {
        var expected = _messages.Where(message => message.Channel == channel && message.Committed is not null).Select(message => message.Payload).Order(StringComparer.Ordinal);
        var handled = shards.SelectMany(shard => shard.Handled).Order(StringComparer.Ordinal);
        Assert.True(expected.SequenceEqual(handled, StringComparer.Ordinal), $"Seed {seed}: expected {string.Join(' ', expected)}, handled {string.Join(' ', handled)}.");
    }

    /// <summary>A message comes after all that were committed before it was inserted, and with a key after all with that key that were inserted before.</summary>
    private void CheckOrder(ModelReader reader)
    {
        var known = _messages.ToDictionary(message => message.Payload, StringComparer.Ordinal);
        var handled = reader.Handled.Select(payload => known[payload]).ToArray();
        for (var later = 1; later < handled.Length; later++)
        {
            for (var earlier = 0; earlier < later; earlier++)
            {
                var (a, b) = (handled[earlier], handled[later]);
                Assert.False(b.Committed < a.Inserted, $"Seed {seed}: {b.Payload} came after {a.Payload}, and was committed before that was inserted.");
                Assert.False(a.Key is not null && a.Key == b.Key && b.Inserted < a.Inserted, $"Seed {seed}: {b.Payload} came after {a.Payload} with the same key.");
            }
        }
    }
}
