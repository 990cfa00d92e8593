using System.Globalization;
using System.Text.Json;

namespace PgListener.Bench;

/// <summary>Keeps what was measured: the report, and every figure of every repetition.</summary>
internal static class Results
{
    private static readonly JsonSerializerOptions Format = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    /// <summary>The folder that was asked for, or <c>bench/results</c> of the repository that the program stands in.</summary>
    public static string Folder(string? wanted) => wanted ?? Repository.Results;

    public static async Task SaveAsync(string folder, MachineFacts facts, string report, IReadOnlyList<Sample> samples)
    {
        Directory.CreateDirectory(folder);
        var name = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{facts.Date:yyyyMMdd-HHmmss}-{facts.Mode}"));
        await File.WriteAllTextAsync($"{name}.md", report);
        await File.WriteAllTextAsync($"{name}.json", JsonSerializer.Serialize(new { facts, samples }, Format));
        await Console.Error.WriteLineAsync($"Kept in {name}.md and .json");
    }
}
