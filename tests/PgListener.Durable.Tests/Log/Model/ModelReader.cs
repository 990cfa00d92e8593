using Npgsql;
using PgListener.Durable.Log;

namespace PgListener.Durable.Tests.Log.Model;

/// <summary>A reader of a shard. It is at a position, has stored one, and may crash at any time: then it reads on from there, and what it has done since does not count.</summary>
/// <param name="connection">Its connection.</param>
/// <param name="channel">What it reads.</param>
/// <param name="random">What decides.</param>
/// <param name="hasLanes">Whether it handles messages out of their order, so that positions have ids that are done.</param>
internal sealed class ModelReader(NpgsqlConnection connection, LogChannel channel, Random random, bool hasLanes)
{
    private readonly List<string> _handled = [];
    private LogPosition _position = LogPosition.Beginning;
    private LogPosition _stored = LogPosition.Beginning;
    private int _storedCount;

    public LogChannel Channel => channel;

    public bool HasLanes => hasLanes;

    /// <summary>The payloads of what was handled, without what a crash has undone.</summary>
    public IReadOnlyList<string> Handled => _handled;

    /// <summary>Reads a page, handles some of it, and perhaps stores the position; or crashes.</summary>
    public async Task StepAsync()
    {
        if (random.Next(6) == 0)
        {
            _position = _stored;
            _handled.RemoveRange(_storedCount, _handled.Count - _storedCount);
            return;
        }

        var page = await ReadAsync();
        Handle(page, hasLanes && random.Next(3) > 0);
        if (random.Next(2) == 0)
            Store();
    }

    /// <summary>Reads until nothing is left.</summary>
    public async Task FinishAsync()
    {
        bool isNew;
        LogPage page;
        do
        {
            isNew = _position.Upto is null;
            page = await ReadAsync();
            Handle(page, leavesSome: false);
        }
        while (!isNew || page.Messages.Count > 0);

        Store();
    }

    private Task<LogPage> ReadAsync()
        => LogReader.ReadAsync(connection, channel, _position, clusterBase: 0, random.Next(1, 6), random.Next(1, 40), TestContext.Current.CancellationToken);

    private void Handle(LogPage page, bool leavesSome)
    {
        var left = new List<long>();
        var done = _position.Done.ToList();
        foreach (var message in page.Messages.Where(message => !_position.Done.Contains(message.Id)))
        {
            if (leavesSome && random.Next(3) == 0)
            {
                left.Add(message.Id);
                continue;
            }

            _handled.Add(message.Payload);
            done.Add(message.Id);
        }

        var last = left.Count == 0
            ? (page.Messages.Count == 0 ? _position.LastId : page.Messages[^1].Id)
            : page.Messages.LastOrDefault(message => message.Id < left[0])?.Id ?? _position.LastId;
        _position = left.Count == 0 && page.IsLast
            ? page.After(_position)
            : _position.Within(page.Upto, last, [.. done.Where(id => id > last)]);
    }

    private void Store()
    {
        _stored = _position;
        _storedCount = _handled.Count;
    }
}
