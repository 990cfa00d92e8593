using System.Text.Json;

namespace PgListener.Samples.Tests.Relays;

/// <summary>A message in the stream.</summary>
/// <param name="Subject">Its subject.</param>
/// <param name="Id">The id by which NATS recognises a second one.</param>
/// <param name="Payload">What was published.</param>
internal sealed record RelayedMessage(string Subject, string Id, string Payload)
{
    /// <summary>The key, and the number within the key, that the writer has written into the payload.</summary>
    public (string Key, int Number) Read()
    {
        using var document = JsonDocument.Parse(Payload);
        return (document.RootElement.GetProperty("key").GetString()!, document.RootElement.GetProperty("number").GetInt32());
    }
}
