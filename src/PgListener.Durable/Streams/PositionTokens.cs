using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using PgListener.Durable.Log;

namespace PgListener.Durable.Streams;

/// <summary>Writes positions of a channel as text, and reads them again. They come back from outside, so anything may be read; what is accepted is always a position that PostgreSQL can read.</summary>
internal sealed class PositionTokens
{
    private const byte Version = 1;
    private const int MaxLength = 64 * 1024;

    /// <summary>Tells positions of this channel and epoch from all others.</summary>
    private readonly byte[] _origin;

    public PositionTokens(string channel, LogEpoch epoch)
    {
        var origin = string.Create(CultureInfo.InvariantCulture, $"{epoch.System}/{epoch.Base}/{epoch.Run}/{channel}");
        _origin = SHA256.HashData(Encoding.UTF8.GetBytes(origin))[..8];
    }

    /// <summary>Writes a position.</summary>
    public string Write(LogPosition position)
    {
        var bytes = new TokenBytes();
        bytes.Add([Version, .. _origin]);
        AddSnapshot(bytes, position.Seen);
        bytes.Add(position.Floor);
        if (position.Upto is { } upto)
        {
            AddSnapshot(bytes, upto);
            bytes.Add(position.LastId);
        }

        return Base64Url.EncodeToString(bytes.Written);
    }

    /// <summary>Reads a position.</summary>
    /// <returns><see langword="null"/> if it is not one of this channel and epoch.</returns>
    public LogPosition? Read(string token)
    {
        if (token.Length > MaxLength || !Base64Url.IsValid(token))
            return null;

        var bytes = new TokenBytes(Base64Url.DecodeFromChars(token));
        if (!bytes.TryTake([Version, .. _origin]) || ReadSnapshot(bytes) is not { } seen || !bytes.TryTake(out var floor))
            return null;

        var position = new LogPosition { Seen = seen, Floor = floor };
        if (bytes.IsAtEnd)
            return position;
        return ReadSnapshot(bytes) is { } upto && bytes.TryTake(out var lastId) && bytes.IsAtEnd ? position.Within(upto, lastId, []) : null;
    }

    /// <summary>The lowest number, the distance to the end, and the numbers in progress, each as the distance to the one before.</summary>
    private static void AddSnapshot(TokenBytes bytes, string snapshot)
    {
        var parts = snapshot.Split(':');
        var lowest = long.Parse(parts[0], CultureInfo.InvariantCulture);
        var running = BigintArray.Parse($"{{{parts[2]}}}");
        bytes.Add(lowest);
        bytes.Add(long.Parse(parts[1], CultureInfo.InvariantCulture) - lowest);
        bytes.Add(running.Count);
        var last = lowest;
        foreach (var number in running)
        {
            bytes.Add(number - last);
            last = number;
        }
    }

    private static string? ReadSnapshot(TokenBytes bytes)
    {
        if (!bytes.TryTake(out var lowest) || !bytes.TryTake(out var distance) || distance > long.MaxValue - lowest || !IsTransaction(lowest) || !IsTransaction(lowest + distance) || !bytes.TryTake(out var count))
            return null;

        var text = new StringBuilder().Append(CultureInfo.InvariantCulture, $"{lowest}:{lowest + distance}:");
        var last = lowest;
        for (var i = 0L; i < count; i++)
        {
            // In rising order, and below the end.
            if (!bytes.TryTake(out var step) || (i > 0 && step == 0) || step >= lowest + distance - last)
                return null;

            last += step;
            text.Append(CultureInfo.InvariantCulture, $"{(i > 0 ? "," : "")}{last}");
        }

        return text.ToString();
    }

    /// <summary>Whether it is the number of a transaction. PostgreSQL leaves out those whose lower half is 0, and does not read a snapshot that begins or ends with one.</summary>
    private static bool IsTransaction(long number) => (uint)number != 0;
}
