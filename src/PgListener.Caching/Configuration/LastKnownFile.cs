using System.Text.Json;

namespace PgListener.Configuration;

/// <summary>A file that keeps the settings that were read last, for a start without the database. It contains secrets.</summary>
/// <param name="path">Where it is.</param>
/// <param name="source">What its settings are read from.</param>
internal sealed class LastKnownFile(string path, string source)
{
    private const string Temporary = ".tmp";

    public string Path { get; } = System.IO.Path.GetFullPath(path);

    /// <summary>Reads it.</summary>
    /// <exception cref="IOException">It cannot be read, is not such a file, or is not of this source. The message contains no values.</exception>
    /// <exception cref="UnauthorizedAccessException">It must not be read.</exception>
    public LastKnownSettings Read()
    {
        LastKnownSettings? known;
        try
        {
            using var file = File.OpenRead(Path);
            known = JsonSerializer.Deserialize(file, LastKnownJson.Default.LastKnownSettings);
        }
        catch (JsonException)
        {
            known = null; // Its message may contain a part of the file.
        }

        if (known is null)
            throw new IOException("it is damaged");
        return known.Source == source ? known : throw new IOException($"it has the settings of {known.Source.ReplaceLineEndings(" ")}");
    }

    /// <summary>Replaces it: what reads it finds the old settings or the new ones, also after a power failure.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">It must not be written.</exception>
    public void Write(Dictionary<string, string?> settings, DateTimeOffset readAt)
    {
        var next = $"{Path}.{Guid.NewGuid():N}{Temporary}";
        try
        {
            using (var file = new FileStream(next, CreateOptions()))
            {
                JsonSerializer.Serialize(file, new LastKnownSettings(source, readAt, settings), LastKnownJson.Default.LastKnownSettings);
                file.Flush(flushToDisk: true);
            }

            File.Move(next, Path, overwrite: true);
        }
        catch
        {
            File.Delete(next);
            throw;
        }
    }

    /// <summary>Deletes what processes have left that ended while they wrote it: it has secrets too.</summary>
    /// <exception cref="IOException">One cannot be deleted.</exception>
    /// <exception cref="UnauthorizedAccessException">One must not be deleted.</exception>
    public void DeleteLeftovers()
    {
        var begin = $"{System.IO.Path.GetFileName(Path)}.";
        foreach (var file in Directory.EnumerateFiles(System.IO.Path.GetDirectoryName(Path)!, $"*{Temporary}"))
        {
            var name = System.IO.Path.GetFileNameWithoutExtension(file.AsSpan());
            if (name.StartsWith(begin, StringComparison.Ordinal) && Guid.TryParseExact(name[begin.Length..], "N", out _))
                File.Delete(file);
        }
    }

    private static FileStreamOptions CreateOptions()
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return options;
    }
}
