namespace PgListener.Durable.Schema;

/// <summary>The SQL files of this folder.</summary>
internal static class SchemaFiles
{
    public static string Read(string name)
    {
        using var stream = typeof(SchemaFiles).Assembly.GetManifestResourceStream(name)!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
