using System.Security.Cryptography;
using System.Text;

namespace PgListener.Durable.Log;

/// <summary>Distributes messages over 256 buckets by their key. A subscription with n shards takes a message in shard <c>bucket % n</c>.</summary>
internal static class Shard
{
    /// <summary>The number of buckets, and so the highest number of shards.</summary>
    public const int Buckets = 256;

    /// <summary>The bucket of a key, as <c>pglistener.publish</c> computes it in SQL; any one without a key.</summary>
    public static short BucketOf(string? key)
    {
        if (key is null)
            return (short)Random.Shared.Next(Buckets);

        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(key), hash);
        return hash[0];
    }
}
