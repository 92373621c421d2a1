import java.io.*;
import java.nio.charset.StandardCharsets;
import java.nio.file.*;
import java.util.*;
import org.apache.lucene.analysis.standard.StandardAnalyzer;
import org.apache.lucene.document.*;
import org.apache.lucene.index.*;
import org.apache.lucene.queries.mlt.MoreLikeThis;
import org.apache.lucene.search.*;
import org.apache.lucene.store.*;

/** FILMS (id TAB title TAB overview) QUESTIONS: Lucene's own time for the same questions, all counted, twenty returned. */
public class LuceneSearch {
    public static void main(String[] a) throws Exception {
        Directory directory = new ByteBuffersDirectory();
        FieldType text = new FieldType(TextField.TYPE_NOT_STORED);
        text.setStoreTermVectors(true);
        text.freeze();
        long start = System.nanoTime();
        try (IndexWriter writer = new IndexWriter(directory, new IndexWriterConfig(new StandardAnalyzer()))) {
            for (String line : Files.readAllLines(Paths.get(a[0]), StandardCharsets.UTF_8)) {
                String[] parts = line.split("\t", -1);
                Document document = new Document();
                document.add(new StringField("id", parts[0], Field.Store.YES));
                document.add(new Field("title", parts[1], text));
                document.add(new Field("overview", parts[2], text));
                writer.addDocument(document);
            }
            writer.forceMerge(1);
        }
        System.out.printf("lucene: indexed in %.2f s%n", (System.nanoTime() - start) / 1e9);
        List<String> questions = Files.readAllLines(Paths.get(a[1]), StandardCharsets.UTF_8);
        try (IndexReader reader = DirectoryReader.open(directory)) {
            IndexSearcher searcher = new IndexSearcher(reader);
            searcher.setQueryCache(null);
            long[] times = new long[questions.size()];
            long total = 0;
            // The first rounds are the compiler's.
            for (int round = 0; round < 8; round++) {
                total = 0;
                for (int number = 0; number < times.length; number++) {
                    long begin = System.nanoTime();
                    TopScoreDocCollector best = TopScoreDocCollector.create(20, Integer.MAX_VALUE);
                    searcher.search(query(questions.get(number)), best);
                    total += best.topDocs().totalHits.value;
                    times[number] = System.nanoTime() - begin;
                }
            }
            report("lucene, whole", times, total);
            MoreLikeThis similar = new MoreLikeThis(reader);
            similar.setFieldNames(new String[] {"title", "overview"});
            similar.setMinTermFreq(1);
            similar.setMinDocFreq(2);
            similar.setMaxQueryTerms(25);
            Random random = new Random(1);
            times = new long[500];
            for (int round = 0; round < 4; round++) {
                total = 0;
                for (int number = 0; number < times.length; number++) {
                    int liked = random.nextInt(reader.maxDoc());
                    long begin = System.nanoTime();
                    total += searcher.search(similar.like(liked), 100).scoreDocs.length;
                    times[number] = System.nanoTime() - begin;
                }
            }
            report("lucene, more like one film", times, total);
        }
    }

    static Query query(String text) {
        BooleanQuery.Builder all = new BooleanQuery.Builder();
        for (String word : new LinkedHashSet<>(Arrays.asList(text.split(" ")))) {
            BooleanQuery.Builder some = new BooleanQuery.Builder();
            some.add(new BoostQuery(new TermQuery(new Term("title", word)), 3), BooleanClause.Occur.SHOULD);
            some.add(new TermQuery(new Term("overview", word)), BooleanClause.Occur.SHOULD);
            all.add(some.build(), BooleanClause.Occur.MUST);
        }
        return all.build();
    }

    static void report(String name, long[] times, long total) {
        Arrays.sort(times);
        System.out.printf("%s: median %d µs, p99 %d µs, %d queries, %d films found%n", name,
            times[times.length / 2] / 1000, times[times.length * 99 / 100] / 1000, times.length, total);
    }
}
